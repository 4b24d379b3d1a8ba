from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.pairs import all_pairs
    from descent.files import replacing
    from descent.records import divergences, read_runs

    params, files = snakemake.params, snakemake.input.runs
    runs = read_runs(files, params.expected, ["test_accuracy"])
    table = all_pairs(
        runs, divergences(files), params.comparisons, params.margin, design=params.design
    )
    with replacing(snakemake.output[0]) as part:
        table.to_csv(part, index=False)
