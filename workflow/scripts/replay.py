from descent.files import end_process, job_log

with job_log(snakemake.log[0]):
    from functools import partial

    from descent.data import load_prepared
    from descent.files import replacing
    from descent.optimizers import make_step
    from descent.replay import halved, replay
    from descent.training import split_settings

    params = snakemake.params
    training, reference = params.training, params.reference
    makers, schedule = {}, None
    for variant, settings in params.variants.items():
        optimizer, hyperparameters = split_settings(settings)
        makers[variant] = partial(make_step, optimizer, hyperparameters=hyperparameters)
    if params.lr_schedule == "halved":
        schedule = halved(params.variants[reference]["lr"], training["iterations"])
    data = load_prepared(snakemake.input.prepared)
    trace = replay(data, makers, reference, params.seeds, schedule=schedule, **training)
    with replacing(snakemake.output[0]) as part:
        trace.to_parquet(part, index=False)

end_process(params.variants.values())
