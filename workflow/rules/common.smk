# Names and functions that several stages use.

import hashlib

from descent.data.catalog import DATASETS
from descent.data.idx import RAW_FILES, raw_folder
from descent.dependencies import sources
from descent.experiment.halving import rungs
from descent.experiment.plan import references, seed_blocks, variants
from descent.experiment.sweeps import axis, compared, sweeps
from descent.metrics import TRAIN_METRICS
from descent.optimizers.spec import SCRATCH, source_file
from descent.reporting.wording import experiment
from descent.training.settings import TrainingSettings

ENVIRONMENT = "../envs/descent.yaml"
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
TRAINING = TrainingSettings.from_config(config)


def dataset_folder():
    name = config["dataset"]["name"]
    if name == "idx":  # other folders must not share their prepared tensors
        folder = config["dataset"]["folder"]
        name += f"_{Path(folder).name}_{hashlib.sha256(folder.encode()).hexdigest()[:8]}"
    return f"{config['data_folder']}/{name}"


KNOWN = DATASETS[config["dataset"]["name"]]
DATASET = dataset_folder()
PREPARED = f"{DATASET}/prepared.safetensors"


def relative(files):
    return [os.path.relpath(file) for file in files]


def code(script):
    """List the library's files that a script imports: when one changes, its rule reruns."""
    return relative(sources(WORKFLOW / "scripts" / f"{script}.py"))


def update_rules(*variants):
    """List the files of the hand-written update rules of some variants, and what they import."""
    files = unique(filter(None, (source_file(settings["optimizer"]) for settings in variants)))
    own = [os.path.normpath(file) for file in files if not file.is_relative_to(SCRATCH)]
    return own + relative(sources(*files))


def run_files(kind, variants=VARIANTS, seeds=config["seeds"], suffix="parquet"):
    """List the files of one kind, one for each run."""
    path = f"{RESULTS}/{kind}/{{variant}}/seed_{{seed}}.{suffix}"
    return expand(path, variant=variants, seed=seeds)


def growing(amount):
    """Request this much of a resource at first, and more each time a failed job is retried."""
    return lambda wildcards, attempt: amount * attempt


def rungs_of(sweeps):
    """List the keys of the rungs of some sweeps."""
    return [key for key, rung in RUNGS.items() if rung.sweep in sweeps]


def selection_of(variant):
    """List the file with the settings that a rung of a sweep selects for a variant."""
    keys = [key for key, rung in RUNGS.items() if variant in rung.followers]
    return expand(f"{RESULTS}/selection/{{rung}}.json", rung=keys)


def unique(items):
    """Remove repetitions and keep the order."""
    return list(dict.fromkeys(items))


def idx_file(wildcards):
    """Find a file of the user's own, gzipped or not."""
    file = Path(config["dataset"]["folder"], wildcards.file)
    packed = file.with_name(f"{file.name}.gz")
    return packed if packed.exists() else file


def expected_runs():
    """Map each variant to its seeds."""
    return {variant: sorted(config["seeds"]) for variant in sorted(VARIANTS)}


wildcard_constraints:
    comparison="|".join(config["comparisons"]),
    metric="|".join(TRAIN_METRICS),
    file="|".join(RAW_FILES),
    rung="|".join(RUNGS),
