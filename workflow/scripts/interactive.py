from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import pandas as pd

    from descent.files import replacing
    from descent.metrics import TRAIN_METRICS
    from descent.records import read_runs
    from descent.reporting.interactive import page

    params = dict(snakemake.params)
    runs = read_runs(snakemake.input.runs, params.pop("expected"), TRAIN_METRICS)
    tables = map(pd.read_parquet, (snakemake.input.curves, snakemake.input.curves_of_epochs))
    html = page(runs, *tables, **params)
    with replacing(snakemake.output[0]) as part:
        part.write_text(html, encoding="utf-8")
