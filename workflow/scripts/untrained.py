from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.analysis.summaries import untrained
    from descent.files import replacing
    from descent.records import read_all_metadata, read_runs

    files = snakemake.input.runs
    runs = read_runs(files, snakemake.params.expected, ["test_loss", "test_accuracy"])
    passes = {run: about["forward_pass"] for run, about in read_all_metadata(files).items()}
    with replacing(snakemake.output[0]) as part:
        untrained(runs, passes).to_csv(part, index=False)
