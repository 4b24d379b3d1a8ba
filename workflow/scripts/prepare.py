from descent.files import job_log

with job_log(snakemake.log[0]):
    from pathlib import Path

    from descent.data import NORMALIZATION, prepare

    prepare(
        Path(snakemake.input.raw[0]).parents[2],
        snakemake.output[0],
        NORMALIZATION[snakemake.params.name],
    )
