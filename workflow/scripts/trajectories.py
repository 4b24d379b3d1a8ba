from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import json

    from descent.files import replacing
    from descent.landscapes.functions import find
    from descent.landscapes.trajectories import follow_variants

    params = snakemake.params
    found = follow_variants(params.variants, find(snakemake.wildcards.function), params.epochs)
    with replacing(snakemake.output[0]) as part:
        part.write_text(json.dumps([each.to_dict() for each in found]))
