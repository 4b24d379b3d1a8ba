from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.landscapes.functions import find
    from descent.landscapes.trajectories import read
    from descent.reporting.figures.landscape import landscape
    from descent.reporting.figures.style import save

    trajectories = read(snakemake.input[0])
    figure = landscape(find(snakemake.wildcards.function), trajectories, snakemake.params.members)
    save(figure, list(snakemake.output))
