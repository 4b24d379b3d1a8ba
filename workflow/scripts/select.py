from descent.files import job_log

with job_log(snakemake.log[0]):
    import json

    from descent.files import replacing
    from descent.records import divergences, read_runs
    from descent.selection import COLUMNS, select, selected_settings

    files, params, output = snakemake.input.runs, snakemake.params, snakemake.output
    expected = {combination: params.seeds for combination in params.combinations}
    runs = read_runs(files, expected, COLUMNS)
    table = select(runs, divergences(files), params.combinations)
    chosen = selected_settings(table, params.combinations)
    with replacing(output.settings) as part:
        part.write_text(json.dumps(chosen))
    with replacing(output.table) as part:
        table.to_csv(part, index=False)
