from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from pathlib import Path

    from descent.analysis.selection import final_values, follow, select
    from descent.files import replacing
    from descent.metrics import VALIDATION_METRICS
    from descent.records import divergences, read_runs

    files, params, output = snakemake.input, snakemake.params, snakemake.output
    trained = list(params.combinations)
    if files.before:  # those that the previous rung selected
        before = json.loads(Path(files.before[0]).read_text())
        trained = [entry["variant"] for entry in before.values()]
    runs = read_runs(files.runs, dict.fromkeys(trained, params.seeds), VALIDATION_METRICS)
    rung, diverged = {"rung": params.number, "epochs": params.epochs}, divergences(files.runs)
    table = select(runs, diverged, params.combinations, params.followers).assign(**rung)
    with replacing(output.settings) as part:
        part.write_text(json.dumps(follow(table, params.combinations, params.sweep)))
    with replacing(output.table) as part:
        table.to_csv(part, index=False)
    with replacing(output.runs) as part:
        final_values(runs, diverged).assign(**rung).to_csv(part, index=False)
