# Names and functions that several stages share.

import functools
import time
from itertools import chain, pairwise
from math import ceil

from descent.data.idx import RAW_FILES
from descent.dependencies import LIBRARY, sources
from descent.experiment.halving import rungs
from descent.experiment.plan import drawn, ranked, references, replayed, seed_blocks, variants
from descent.experiment.sweeps import axis, compared, sweeps
from descent.landscapes.functions import FUNCTIONS
from descent.metrics import METRICS, TRAIN_METRICS
from descent.models.spec import module_place
from descent.optimizers.packages import versions
from descent.optimizers.spec import source_file
from descent.reporting.wording import experiment
from descent.terminal.summary import summary
from descent.training.settings import TrainingSettings

STARTED = time.time()
ENVIRONMENT = "../envs/descent.yaml"
RESULTS = f"results/{config['name']}"
LOGS = f"{RESULTS}/logs"
VARIANTS = variants(config)
COMPARISONS = compared(config)
SWEEPS = sweeps(config)
RUNGS = rungs(config)
SWEEP_SEEDS = config["sweeps"]["seeds"]
N_RUNS = len(VARIANTS) * len(config["seeds"])
# After every epoch. Not in `descent.metrics`, because sweeps select anew when that file changes.
TEST_METRICS = [metric for metric in METRICS if metric.startswith("test_")]
# The comparisons with sweeps, and the variants that are selected from them.
SWEPT = {
    comparison: selected
    for comparison, members in COMPARISONS.items()
    if (selected := [variant for variant in members if variant in SWEEPS])
}
TRAINING = TrainingSettings.from_config(config)
MAY_USE_GPU = config["training"]["device"] != "cpu"
# What the jobs request that compute on a GPU. Locally, `--resources gpu=1` lets them take turns.
GPU = {"gpu": 1} if MAY_USE_GPU else {}
# What training requests, from the size of the network for images as large as MNIST's. As measured on
# MNIST, a seed takes 0.6 seconds per epoch, and 8 MB. Six tensors like the weights: the weights,
# their gradient, Adam's two moments, and room for a checkpoint's copies.
# A module is not known before it runs; it is taken for a network that is ten times as slow.
HIDDEN = [1000] if "module" in config["model"] else config["model"]["hidden"]
WEIGHTS = sum(n * m for n, m in pairwise([784, *HIDDEN, 10]))
SEED_MB = 25 + 6 * 4 * WEIGHTS / 1e6
EPOCH_MINUTES = 0.1 * max(1, WEIGHTS / 1e5)


def relative(files):
    return [os.path.relpath(file) for file in files]


@functools.cache
def code(script):
    """List the library files that a script imports: a change in one reruns its Snakemake rule."""
    return relative(sources(WORKFLOW / "scripts" / f"{script}.py"))


@functools.cache
def update_rule(optimizer):
    """List the file of a hand-written update rule and what it imports; nothing for other optimizers."""
    return with_imports(source_file(optimizer))


@functools.cache
def packages(optimizer):
    """Return the versions of the packages of an optimizer: an upgrade reruns what used it.

    Without a package there is nothing in it, not even a key, which would rerun everything.
    """
    found = versions(optimizer)
    return {"packages": found} if found else {}


def with_imports(file):
    """List a file of code, and what it imports of the library; nothing for None."""
    if file is None:
        return []
    own = [] if file.is_relative_to(LIBRARY) else [os.path.normpath(file)]
    return own + relative(sources(file))


def network():
    """List the file of the network, if it is a module, and what it imports."""
    name = config["model"].get("module")
    return with_imports(module_place(name)[0] if name else None)


def run_files(kind, variants=VARIANTS, seeds=config["seeds"], suffix="parquet"):
    """List the files of one kind, one per run."""
    return [
        f"{RESULTS}/{kind}/{variant}/seed_{seed}.{suffix}" for variant in variants for seed in seeds
    ]


def findings():
    """Say what a run has found, of what was asked for."""
    made = {str(file) for job in workflow.dag.jobs for file in job.output}
    return summary(RESULTS, made, run_files("epochs"), STARTED)


def updated(files):
    """Keep the files that are there already until a job has succeeded, and if it fails.

    Not the others: for each of them, Snakemake would end the output of a job that fails with a line
    about a backup that there is not.
    """
    return [update(file) if os.path.exists(file) else file for file in files]


def asked_for_here(names):
    """List the rules among these for whose jobs a scheduler has started snakemake on this node.

    They are on the command line, because Snakemake reads the workflow before it says so itself.
    """
    named = {workflow.modifier.modify_rulename(name): name for name in names}
    return [named[word] for word in sys.argv if workflow.remote_exec and word in named]


def stands_for(target, names):
    """Let `--set-resources` and `--set-threads` of a target mean those of some Snakemake rules."""
    target, *names = map(workflow.modifier.modify_rulename, [target, *names])
    resources = workflow.resource_settings._parsed_overwrite_resources
    threads = workflow.resource_settings._parsed_overwrite_threads
    for job in map(workflow.get_rule, filter(workflow.is_rule, names)):
        job.resources.update(resources.get(target, {}))
        job.resources.update(resources.get(job.name, {}))
        if target in threads and job.name not in threads:
            job.resources["_cores"] = threads[target]


def growing(amount):
    """Request this amount of a resource, and more each time a failed job is retried."""
    return lambda wildcards, attempt: amount * attempt


def training_resources(n_seeds, epochs):
    """Return what a training job requests; the configured `training_resources` take precedence."""
    # In a job of the Slurm executor, two more snakemake processes run beside the training.
    computed = {
        "mem_mb": growing(1500 + ceil(n_seeds * SEED_MB)),
        "runtime": growing(10 + ceil(n_seeds * epochs * EPOCH_MINUTES)),
    }
    return computed | GPU | config["training_resources"]


def rungs_of(sweeps):
    """List the keys of the rungs of some sweeps."""
    return [key for key, rung in RUNGS.items() if rung.sweep in sweeps]


def selection_of(variant):
    """List the file with the settings that a sweep's rung selects for a variant, if one does."""
    keys = [key for key, rung in RUNGS.items() if variant in rung.followers]
    return expand(f"{RESULTS}/selection/{{rung}}.json", rung=keys)


def unique(items):
    """Remove duplicates and keep the order."""
    return list(dict.fromkeys(items))


def page_templates(page):
    """List the templates of a page."""
    folder = os.path.join(SOURCES, "descent/reporting/templates")
    files = [f"{page}.html.jinja", f"{page}.js", "style.css"]
    files = [os.path.join(folder, file) for file in files]
    return [os.path.relpath(file) for file in files if os.path.exists(file)]


def expected_runs():
    """Map each variant to its seeds."""
    return {variant: sorted(config["seeds"]) for variant in sorted(VARIANTS)}


wildcard_constraints:
    comparison="|".join(config["comparisons"]),
    metric="|".join(TRAIN_METRICS),
    file="|".join(RAW_FILES),
    rung="|".join(RUNGS),
    # Here, before the training jobs: Snakemake applies them to all files that it knows by then.
    function="|".join(FUNCTIONS),
