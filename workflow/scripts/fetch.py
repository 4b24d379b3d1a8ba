from descent.files import job_log

with job_log(snakemake.log[0]):
    from descent.sources import fetch

    # Not parameters of the rule: whatever the source, the checksum fixes the content, so that
    # another list of sources is no reason to fetch again.
    dataset = snakemake.config["dataset"]
    fetch(
        snakemake.wildcards.file,
        dataset["sources"],
        snakemake.output[0],
        timeout=dataset["timeout"],
    )
