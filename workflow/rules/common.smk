# Names and functions that several stages use.

import hashlib
from itertools import pairwise
from math import ceil

from descent.captions import experiment
from descent.datasets import DATASETS
from descent.halving import rungs
from descent.idx import RAW_FILES, raw_folder
from descent.sweeps import axis, compared, sweeps

RESULTS = f"results/{config['name']}"
LOGS = f"{RESULTS}/logs"
VARIANTS = variants(config)
COMPARISONS = compared(config)
SWEEPS = sweeps(config)
RUNGS = rungs(config)
SWEEP_SEEDS = config["sweeps"]["seeds"]
N_RUNS = len(VARIANTS) * len(config["seeds"])
# The comparisons with sweeps, and the variants that are selected from these.
SWEPT = {
    comparison: selected
    for comparison, members in COMPARISONS.items()
    if (selected := [variant for variant in members if variant in SWEEPS])
}
# What training asks for, by the size of the network for images as large as MNIST's: measured there,
# an epoch of a seed takes 0.6 seconds, and a seed 8 MB. Six tensors like the weights: these, their
# gradient, Adam's two moments, and room for a checkpoint's copies.
WEIGHTS = sum(n * m for n, m in pairwise([784, *config["model"]["hidden"], 10]))
SEED_MB = 25 + 6 * 4 * WEIGHTS / 1e6
EPOCH_MINUTES = 0.1 * max(1, WEIGHTS / 1e5)
METRICS = ["train_loss", "train_accuracy"]


def dataset_folder():
    name = config["dataset"]["name"]
    if name == "idx":  # other folders must not share their prepared tensors
        folder = config["dataset"]["folder"]
        name += f"_{Path(folder).name}_{hashlib.sha256(folder.encode()).hexdigest()[:8]}"
    return f"{config['data_folder']}/{name}"


KNOWN = DATASETS[config["dataset"]["name"]]
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


def rungs_of(sweeps):
    """List the keys of the rungs of some sweeps."""
    return [key for key, rung in RUNGS.items() if rung.sweep in sweeps]


def selection_of(variant):
    """List the file with the settings of a variant that a rung of a sweep selects."""
    keys = [key for key, rung in RUNGS.items() if variant in rung.followers]
    return expand(f"{RESULTS}/selection/{{rung}}.json", rung=keys)


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
    rung="|".join(RUNGS),
