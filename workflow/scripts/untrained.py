from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.summaries import untrained
    from descent.files import replacing
    from descent.records import read_collected

    runs, about = read_collected(snakemake.input.runs, ["test_loss", "test_accuracy"])
    passes = {run: of["forward_pass"] for run, of in about.items()}
    with replacing(snakemake.output[0]) as part:
        untrained(runs, passes).to_csv(part, index=False)
