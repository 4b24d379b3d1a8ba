from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.equivalence import equivalence
    from descent.files import replacing
    from descent.records import divergences, read_runs

    params, files = snakemake.params, snakemake.input.runs
    runs = read_runs(files, params.expected, list(params.margins))
    table = equivalence(
        runs, divergences(files), params.references, params.margins, design=params.design
    )
    with replacing(snakemake.output[0]) as part:
        table.to_csv(part, index=False)
