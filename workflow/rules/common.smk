# Names and functions that several stages use.

import hashlib

from descent.captions import experiment
from descent.idx import RAW_FILES, raw_folder

RESULTS = f"results/{config['name']}"
LOGS = f"{RESULTS}/logs"
VARIANTS = variants(config)
METRICS = ["train_loss", "train_accuracy"]


def dataset_folder():
    name = config["dataset"]["name"]
    if name == "idx":  # other folders must not share their prepared tensors
        folder = config["dataset"]["folder"]
        name += f"_{Path(folder).name}_{hashlib.sha256(folder.encode()).hexdigest()[:8]}"
    return f"{config['data_folder']}/{name}"


DATASET = dataset_folder()
PREPARED = f"{DATASET}/prepared.safetensors"


def library(*modules):
    """List the sources of the library that a result depends on: when one changes, its rule reruns."""
    return [str(LIBRARY / "descent" / f"{module}.py") for module in modules]


def run_files(kind, variants=VARIANTS, seeds=config["seeds"], suffix="parquet"):
    """List the files of one kind, one for each run."""
    path = f"{RESULTS}/{kind}/{{variant}}/seed_{{seed}}.{suffix}"
    return expand(path, variant=variants, seed=seeds)


def growing(amount):
    """Ask for so much of a resource at first, and for more each time a job failed and is retried."""
    return lambda wildcards, attempt: amount * attempt


def rule_source(optimizer):
    """List the files of a hand-written rule; torch's classes have none here."""
    kind, _, name = optimizer.rpartition(".")
    file, _, _ = optimizer.rpartition(":")
    if file:
        return [os.path.normpath(file)]
    return library(f"optimizers/{name}") if kind == "scratch" else []


def unique(items):
    """Leave out repetitions and keep the order."""
    return list(dict.fromkeys(items))


def idx_file(wildcards):
    """Find a file of the user's own, gzipped or not."""
    file = Path(config["dataset"]["folder"], wildcards.file)
    packed = file.with_name(f"{file.name}.gz")
    return packed if packed.exists() else file


def page_templates(page):
    """List what a page is made from, beside the results."""
    return [str(LIBRARY / "report" / file) for file in (f"{page}.html.jinja", "style.css")]


def expected_runs():
    """Map each variant to its seeds."""
    return {variant: sorted(config["seeds"]) for variant in sorted(VARIANTS)}


wildcard_constraints:
    comparison="|".join(config["comparisons"]),
    metric="|".join(METRICS),
    file="|".join(RAW_FILES),
