from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    import shutil
    from dataclasses import asdict
    from pathlib import Path

    from descent.data.prepared import load_prepared
    from descent.optimizers.packages import package_provenance
    from descent.process import collect_as_usual
    from descent.records import unfinished, write_run
    from descent.training.checkpoint import fingerprint, identify
    from descent.training.device import resolve
    from descent.training.loop import train
    from descent.training.settings import TrainingSettings

    parameters, files, output = snakemake.params.training, snakemake.input, snakemake.output
    seeds = [int(file.rpartition("seed_")[2].partition(".")[0]) for file in output.iterations]
    files_of = dict(
        zip(seeds, zip(output.iterations, output.epochs, output.weights, strict=True), strict=True)
    )
    if files.selected:  # the settings that a sweep selected
        parameters |= json.loads(Path(files.selected[0]).read_text())[parameters["variant"]]
    training = TrainingSettings(**parameters.pop("training"))
    parameters.pop("packages", None)  # the versions, only so that an upgrade reruns
    configuration = parameters | asdict(training)
    device = resolve(training.device).type
    made_of = [files.prepared, *files.code, *files.rule, *files.network]
    packages = package_provenance(parameters["settings"]["optimizer"])
    identity = identify(configuration | packages, made_of, device)
    seeds = unfinished(files_of, fingerprint(identity))
    # Not a parameter of the rule, because it depends on seeds_per_job.
    checkpoints = Path(output.weights[0]).parents[2] / "checkpoints"
    folder = checkpoints / f"{parameters['variant']}_{seeds[0]}"
    progress = {"checkpoint_folder": folder, "identity": identity}
    collect_as_usual()
    data = load_prepared(files.prepared)
    for run in train(data, seeds=seeds, training=training, **parameters, **progress):
        write_run(run, configuration, *files_of[run.seed], identity=fingerprint(identity))
    shutil.rmtree(folder, ignore_errors=True)
