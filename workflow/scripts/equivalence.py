from descent.files import job_log

with job_log(snakemake.log[0]):
    from descent.equivalence import equivalence
    from descent.files import replacing
    from descent.records import read_runs

    params = snakemake.params
    runs = read_runs(snakemake.input.runs, params.expected, list(params.margins))
    table = equivalence(runs, params.references, params.margins)
    with replacing(snakemake.output[0]) as part:
        table.to_csv(part, index=False)
