from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.files import replacing
    from descent.metrics import TRAIN_METRICS
    from descent.records import read_runs
    from descent.reporting.interactive import page
    from descent.seal import read_frame

    params = dict(snakemake.params)
    runs = read_runs(snakemake.input.runs, params.pop("expected"), TRAIN_METRICS)
    tables = map(read_frame, (snakemake.input.curves, snakemake.input.curves_of_epochs))
    html = page(runs, *tables, **params)
    with replacing(snakemake.output[0]) as part:
        part.write_text(html, encoding="utf-8")
