from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from pathlib import Path

    from descent.files import replacing
    from descent.parity.verdict import parity
    from descent.seal import read_frame

    params = snakemake.params
    traces = map(read_frame, snakemake.input.traces)
    trials = [json.loads(Path(file).read_text()) for file in snakemake.input.trials]
    table = parity(
        dict(zip(params.references, traces, strict=True)),
        params.references,
        params.n_seeds,
        dict(zip(params.references, trials, strict=True)),
    )
    with replacing(snakemake.output[0]) as part:
        table.to_csv(part, index=False)
