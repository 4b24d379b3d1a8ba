import sys

from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from pathlib import Path

    from descent.data.prepare import prepare

    folder = Path(snakemake.input.raw[0]).parents[2]
    for note in prepare(folder, snakemake.output[0], **dict(snakemake.params)):
        print(f"Note: {note}")
        print(f"{folder}: {note}", file=sys.__stderr__)
