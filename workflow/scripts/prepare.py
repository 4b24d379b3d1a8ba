from descent.files import job_log

with job_log(snakemake.log[0]):
    from descent.data import NORMALIZATION, prepare

    prepare(
        snakemake.params.folder,
        snakemake.output[0],
        NORMALIZATION[snakemake.params.name],
    )
