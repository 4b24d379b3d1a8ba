from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.curves import curves
    from descent.files import replacing
    from descent.records import read_runs

    params = snakemake.params
    table = curves(
        read_runs(snakemake.input.runs, params.expected, params.metrics),
        smoothing_window=1,
        band=params.band,
        confidence_level=params.confidence_level,
        over="epoch",
        length=1 + params.epochs,  # epoch 0 is the untrained network
    )
    with replacing(snakemake.output[0]) as part:
        table.to_parquet(part, compression="zstd", index=False)
