from descent.files import job_log

with job_log(snakemake.log[0]):
    import pandas as pd

    from descent.files import replacing
    from descent.interactive import page
    from descent.records import METRICS, read_runs

    params = dict(snakemake.params)
    runs = read_runs(snakemake.input.runs, params.pop("expected"), METRICS)
    html = page(runs, pd.read_parquet(snakemake.input.curves), **params)
    with replacing(snakemake.output[0]) as part:
        part.write_text(html, encoding="utf-8")
