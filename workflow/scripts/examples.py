from descent.files import job_log

with job_log(snakemake.log[0]):
    from safetensors import safe_open

    from descent.figures.examples import examples

    with safe_open(snakemake.input[0], framework="numpy") as prepared:
        height, width = (int(prepared.metadata()[side]) for side in ("height", "width"))
        images = prepared.get_slice("train_images")[:32].reshape(-1, height, width)
        labels = prepared.get_slice("train_labels")[:32]
    examples(images, labels, list(snakemake.output))
