from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.curves import curves
    from descent.records import read_collected
    from descent.seal import write_frame

    params = snakemake.params
    runs, _ = read_collected(snakemake.input.runs, params.metrics)
    table = curves(
        runs,
        smoothing_window=1,
        band=params.band,
        confidence_level=params.confidence_level,
        over="epoch",
        length=1 + params.epochs,  # epoch 0 is the untrained network
    )
    write_frame(table, snakemake.output[0])
