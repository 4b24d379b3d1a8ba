from descent.files import job_log

with job_log(snakemake.log[0]):
    import pandas as pd

    from descent.parity_figure import parity_figure

    trace = pd.read_parquet(snakemake.input[0])
    parity_figure(trace, list(snakemake.output), **dict(snakemake.params))
