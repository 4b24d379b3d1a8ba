from descent.files import end_process, job_log

with job_log(snakemake.log[0]):
    import json
    import shutil
    from pathlib import Path

    from descent.checkpoint import identify
    from descent.data import load_prepared
    from descent.training import train, write_run

    parameters, files, output = snakemake.params.training, snakemake.input, snakemake.output
    seeds = [int(file.rpartition("seed_")[2].partition(".")[0]) for file in output.iterations]
    # Not a parameter of the rule, for it depends on seeds_per_job.
    checkpoints = Path(output.weights[0]).parents[2] / "checkpoints"
    folder = checkpoints / f"{parameters['variant']}_{seeds[0]}"
    if files.selected:  # what a sweep found
        parameters |= json.loads(Path(files.selected[0]).read_text())[parameters["variant"]]
    identity = identify(parameters, [files.prepared, *files.code, *files.rule])
    progress = {"checkpoint_folder": folder, "identity": identity}
    runs = train(load_prepared(files.prepared), seeds=seeds, **parameters, **progress)
    for run, *paths in zip(runs, output.iterations, output.epochs, output.weights, strict=True):
        write_run(run, parameters, *paths)
    shutil.rmtree(folder, ignore_errors=True)

end_process([parameters["settings"]])
