from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from functools import partial

    from descent.data.prepared import load_prepared
    from descent.files import replacing
    from descent.optimizers.variant import make_variant_step
    from descent.parity.check import tried
    from descent.parity.replay import replay
    from descent.process import collect_as_usual
    from descent.provenance import provenance
    from descent.seal import write_frame
    from descent.training.device import resolve
    from descent.training.networks import make_networks
    from descent.training.settings import TrainingSettings

    params, iterations = snakemake.params, snakemake.params.iterations
    for settings in params.variants.values():
        settings.pop("packages", None)  # the versions, only so that an upgrade reruns
    data, training = load_prepared(snakemake.input.prepared), TrainingSettings(**params.training)
    per_epoch = training.iterations_per_epoch(len(data.train_images))
    names = make_networks(training, data, params.reference, params.seeds[:1]).names
    makers = {
        variant: partial(make_variant_step, settings, iterations_per_epoch=per_epoch, names=names)
        for variant, settings in params.variants.items()
    }
    collect_as_usual()
    trace = replay(
        data,
        makers,
        params.reference,
        params.seeds,
        training=training,
        iterations=iterations,
    )
    told = provenance(resolve(training.device).type)
    trace.attrs = {key: told[key] for key in ("device", "device_name")}
    write_frame(trace, snakemake.output.trace)
    with replacing(snakemake.output.trials) as part:
        found = tried(params.variants, params.reference, training.device)
        part.write_text(json.dumps(found, indent=1))
