from descent.files import job_log

with job_log(snakemake.log[0]):
    import pandas as pd

    from descent.figures.parity import parity

    trace = pd.read_parquet(snakemake.input[0])
    parity(trace, list(snakemake.output), **dict(snakemake.params))
