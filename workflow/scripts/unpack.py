from descent.files import job_log

with job_log(snakemake.log[0]):
    from descent.sources import unpack

    unpack(snakemake.input[0], snakemake.output[0])
