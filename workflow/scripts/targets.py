from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.summaries import targets
    from descent.files import replacing
    from descent.records import read_runs

    params, columns = snakemake.params, ["iteration", "test_accuracy", "train_seconds"]
    table = targets(read_runs(snakemake.input.runs, params.expected, columns), params.accuracies)
    with replacing(snakemake.output[0]) as part:
        table.to_csv(part, index=False)
