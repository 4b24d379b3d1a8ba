from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.reporting.figures.parity import parity
    from descent.reporting.figures.style import save
    from descent.seal import read_frame

    trace = read_frame(snakemake.input[0])
    save(parity(trace, **dict(snakemake.params)), list(snakemake.output))
