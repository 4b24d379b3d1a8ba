from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.records import collect

    collect(snakemake.input.runs, snakemake.params.expected, snakemake.output[0])
