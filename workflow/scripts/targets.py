from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.summaries import targets
    from descent.files import replacing
    from descent.records import read_collected

    columns = ["iteration", "test_accuracy", "train_seconds"]
    runs, _ = read_collected(snakemake.input.runs, columns)
    table = targets(runs, snakemake.params.accuracies)
    with replacing(snakemake.output[0]) as part:
        table.to_csv(part, index=False)
