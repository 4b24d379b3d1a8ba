from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import pandas as pd

    from descent.reporting.figures.curves import overlay
    from descent.seal import read_frame

    params, metric = snakemake.params, snakemake.wildcards.metric
    curves = read_frame(snakemake.input.curves)
    overlay(
        curves[curves["metric"] == metric],
        pd.read_csv(snakemake.input.accuracy),
        params.variants,
        metric,
        list(snakemake.output),
        band=params.band,
        confidence_level=params.confidence_level,
        smoothing_window=params.smoothing_window,
        batch_size=params.batch_size,
        experiment=params.experiment,
    )
