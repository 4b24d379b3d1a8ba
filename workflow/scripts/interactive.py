from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.files import replacing
    from descent.metrics import TRAIN_METRICS
    from descent.records import Runs, read_collected
    from descent.reporting.interactive import page

    params, files = dict(snakemake.params), snakemake.input
    expected, test_metrics = params.pop("expected"), params.pop("test_metrics")
    runs = Runs(files.runs, expected, ["epoch", *TRAIN_METRICS])
    runs_of_epochs, _ = read_collected(files.epochs, test_metrics)
    html = page(runs, runs_of_epochs, **params)
    with replacing(snakemake.output[0]) as part:
        part.write_text(html, encoding="utf-8")
