from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import pandas as pd

    from descent.reporting.figures.parity import parity
    from descent.reporting.figures.style import save

    trace = pd.read_parquet(snakemake.input[0])
    save(parity(trace, **dict(snakemake.params)), list(snakemake.output))
