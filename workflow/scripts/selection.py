from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import pandas as pd

    from descent.analysis.selection import gather
    from descent.files import replacing

    tables = map(pd.read_csv, snakemake.input.tables)
    with replacing(snakemake.output[0]) as part:
        gather(zip(snakemake.params.variants, tables, strict=True)).to_csv(part, index=False)
