from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.summaries import final_accuracy
    from descent.records import diverged, read_collected
    from descent.reporting.accuracy_table import write_final_accuracy

    level = snakemake.params.confidence_level
    runs, about = read_collected(snakemake.input.runs, ["test_accuracy", "test_loss"])
    table = final_accuracy(runs, diverged(about), confidence_level=level)
    write_final_accuracy(
        table, snakemake.params.variants, **dict(snakemake.output), confidence_level=level
    )
