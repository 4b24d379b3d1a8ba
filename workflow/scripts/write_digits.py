from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from pathlib import Path

    from descent.data.prepare import write_digits

    write_digits(Path(snakemake.output[0]).parents[2])
