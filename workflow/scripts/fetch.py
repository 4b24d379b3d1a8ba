from descent.jobs import job_log

with job_log(snakemake.log[0]):
    from descent.data.catalog import DATASETS
    from descent.data.download import fetch

    # Not parameters of the rule: the checksum fixes the content, whatever its source, so another
    # list of sources is no reason to download it again.
    settings, archive = snakemake.config["dataset"], snakemake.params.archive
    dataset = DATASETS[settings["name"]]
    fetch(
        archive,
        settings["sources"] or dataset.sources,
        list(snakemake.output),
        checksum=dataset.checksums[archive],
        content=dataset.contents.get(archive.removesuffix(".gz")),
        split=settings.get("split", "balanced"),
        timeout=settings["timeout"],
    )
