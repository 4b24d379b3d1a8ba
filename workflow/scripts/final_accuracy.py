from descent.files import job_log

with job_log(snakemake.log[0]):
    from descent.evidence import final_accuracy
    from descent.records import read_runs
    from descent.tables import write_final_accuracy

    level = snakemake.params.confidence_level
    runs = read_runs(
        snakemake.input.runs, snakemake.params.expected, ["test_accuracy", "test_loss"]
    )
    table = final_accuracy(runs, confidence_level=level)
    write_final_accuracy(table, **dict(snakemake.output), confidence_level=level)
