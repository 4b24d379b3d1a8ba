from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.data.download import unpack

    unpack(snakemake.input[0], snakemake.output[0])
