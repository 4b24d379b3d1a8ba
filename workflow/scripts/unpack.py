from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.data.unpack import unpack

    unpack(snakemake.input.files, list(snakemake.output), sideways=snakemake.params.sideways)
