from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.curves import curves
    from descent.files import replacing
    from descent.metrics import TRAIN_METRICS
    from descent.records import read_runs

    params = snakemake.params
    runs = read_runs(snakemake.input.runs, params.expected, TRAIN_METRICS)
    table = curves(
        runs,
        smoothing_window=params.smoothing_window,
        band=params.band,
        confidence_level=params.confidence_level,
    )
    with replacing(snakemake.output[0]) as part:
        table.to_parquet(part, compression="zstd", index=False)
