from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.data.keep import keep

    keep(snakemake.input[0], snakemake.output[0])
