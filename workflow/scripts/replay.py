from descent.jobs import end_process, job_log

with job_log(snakemake.log[0]):
    import json
    from functools import partial

    from descent.data.prepared import load_prepared
    from descent.files import replacing
    from descent.optimizers.spec import split_settings
    from descent.optimizers.step import make_step
    from descent.parity.check import tried
    from descent.parity.replay import halved, replay
    from descent.training.settings import TrainingSettings

    params, iterations = snakemake.params, snakemake.params.iterations
    makers, schedule = {}, None
    for variant, settings in params.variants.items():
        optimizer, hyperparameters = split_settings(settings)
        makers[variant] = partial(make_step, optimizer, hyperparameters=hyperparameters)
    if params.lr_schedule == "halved":
        schedule = halved(params.variants[params.reference]["lr"], iterations)
    trace = replay(
        load_prepared(snakemake.input.prepared),
        makers,
        params.reference,
        params.seeds,
        training=TrainingSettings(**params.training),
        iterations=iterations,
        schedule=schedule,
    )
    with replacing(snakemake.output.trace) as part:
        trace.to_parquet(part, index=False)
    with replacing(snakemake.output.trials) as part:
        part.write_text(json.dumps(tried(params.variants, params.reference), indent=1))

end_process(params.variants.values())
