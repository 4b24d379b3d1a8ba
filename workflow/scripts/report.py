from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from pathlib import Path

    import pandas as pd
    import yaml
    from safetensors import safe_open

    from descent.experiment.sweeps import compared
    from descent.files import replacing
    from descent.records import read_collected
    from descent.reporting.conclusions import verdicts
    from descent.reporting.report import report
    from descent.seal import read_frame

    files = snakemake.input
    csv = [file for file in files if file.endswith(".csv")]
    with safe_open(files.prepared, framework="numpy") as prepared:
        classes = json.loads(prepared.metadata()["classes"])
        train_labels = prepared.get_slice("train_labels")
        [n_images] = train_labels.get_shape()
        labels = [classes[label] for label in train_labels[: min(32, n_images)]]
    config = yaml.safe_load(Path(files.config).read_text())
    _, about = read_collected(files.runs, [])
    tables = {Path(file).stem: pd.read_csv(file, dtype={"diverged_at": str}) for file in csv}
    html = report(
        config=config,
        tables=tables,
        figures=[file for file in files if file.endswith(".svg")],
        examples=files.examples,
        curves=read_frame(files.curves),
        curves_of_epochs=read_frame(files.curves_of_epochs),
        labels=labels,
        n_classes=len(classes),
        n_images=n_images,
        provenance=list(about.values()),
    )
    with replacing(snakemake.output[0]) as part:
        part.write_text(html, encoding="utf-8")
    for comparison in verdicts(compared(config), tables):  # shown when a run has finished
        for member in comparison["members"]:
            print(f"Verdict: {comparison['name']}: {member['headline']}")
