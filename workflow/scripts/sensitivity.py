from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import pandas as pd

    from descent.reporting.figures.sensitivity import sensitivity

    files, params = snakemake.input, dict(snakemake.params)
    final, tables = (pd.concat(map(pd.read_csv, part)) for part in (files.runs, files.tables))
    selected = set(tables.loc[tables["selected_as"].isin(params["sweeps"]), "combination"])
    sensitivity(final, selected=selected, files=list(snakemake.output), **params)
