from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import pandas as pd

    from descent.files import replacing
    from descent.landscapes.functions import find
    from descent.landscapes.trajectories import read
    from descent.reporting.landscapes import landscape_page, verdicts_of

    files, comparison = snakemake.input, snakemake.wildcards.comparison
    parity = pd.read_csv(files.parity)
    html = landscape_page(
        find(snakemake.wildcards.function),
        read(files.trajectories),
        title=f"Comparison {comparison}",
        told=verdicts_of(parity[parity["comparison"] == comparison]),
        members=snakemake.params.members,
    )
    with replacing(snakemake.output[0]) as part:
        part.write_text(html, encoding="utf-8")
