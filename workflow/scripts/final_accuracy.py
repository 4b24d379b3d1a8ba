from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.summaries import final_accuracy
    from descent.records import divergences, read_runs
    from descent.reporting.accuracy_table import write_final_accuracy

    level, files = snakemake.params.confidence_level, snakemake.input.runs
    runs = read_runs(files, snakemake.params.expected, ["test_accuracy", "test_loss"])
    table = final_accuracy(runs, divergences(files), confidence_level=level)
    write_final_accuracy(
        table, snakemake.params.variants, **dict(snakemake.output), confidence_level=level
    )
