from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.pairs import all_pairs
    from descent.files import replacing
    from descent.records import diverged, read_collected

    params = snakemake.params
    runs, about = read_collected(snakemake.input.runs, ["test_accuracy"])
    table = all_pairs(
        runs, diverged(about), params.comparisons, params.margin, design=params.design
    )
    with replacing(snakemake.output[0]) as part:
        table.to_csv(part, index=False)
