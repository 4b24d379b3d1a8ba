from descent.files import job_log

with job_log(snakemake.log[0]):
    import pandas as pd

    from descent.figures.sensitivity import sensitivity
    from descent.records import divergences, read_runs
    from descent.selection import COLUMNS, final_values

    files, params = snakemake.input.runs, dict(snakemake.params)
    seeds, sweeps = params.pop("seeds"), params.pop("sweeps")
    expected = {combination: seeds for sweep in sweeps.values() for combination in sweep}
    tables = pd.concat(map(pd.read_csv, snakemake.input.tables))
    selected = set(tables.loc[tables["selected"], "combination"])
    final = final_values(read_runs(files, expected, COLUMNS), divergences(files))
    sensitivity(final, sweeps, selected, list(snakemake.output), **params)
