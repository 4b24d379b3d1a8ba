from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import yaml

    from descent.files import replacing

    with replacing(snakemake.output[0]) as part:
        part.write_text(yaml.safe_dump(snakemake.params.config, sort_keys=False))
