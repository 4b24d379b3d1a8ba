from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.curves import curves
    from descent.metrics import TRAIN_METRICS
    from descent.records import Runs
    from descent.seal import write_frame

    params = snakemake.params
    runs = Runs(snakemake.input.runs, params.expected, TRAIN_METRICS)
    table = curves(
        runs,
        smoothing_window=params.smoothing_window,
        band=params.band,
        confidence_level=params.confidence_level,
    )
    write_frame(table, snakemake.output[0])
