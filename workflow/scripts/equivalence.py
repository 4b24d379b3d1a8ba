from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.equivalence import equivalence
    from descent.files import replacing
    from descent.records import diverged, read_collected

    params = snakemake.params
    runs, about = read_collected(snakemake.input.runs, list(params.margins))
    table = equivalence(
        runs, diverged(about), params.references, params.margins, design=params.design
    )
    with replacing(snakemake.output[0]) as part:
        table.to_csv(part, index=False)
