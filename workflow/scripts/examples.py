from descent.jobs import job_log

with job_log(snakemake.log[0]):
    import json

    from safetensors import safe_open

    from descent.reporting.figures.examples import examples

    with safe_open(snakemake.input[0], framework="numpy") as prepared:
        metadata = prepared.metadata()
        shown = slice(min(32, *prepared.get_slice("train_labels").get_shape()))
        images = prepared.get_slice("train_images")[shown]
        labels = prepared.get_slice("train_labels")[shown]
    images = images.reshape(-1, int(metadata["height"]), int(metadata["width"]))
    names = json.loads(metadata["classes"])
    examples(images, [names[label] for label in labels], list(snakemake.output))
