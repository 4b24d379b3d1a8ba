# Training: one job for each variant and block of seeds, one file for each run.

from itertools import pairwise
from math import ceil

# What training requests, by the size of the network for images as large as MNIST's: measured there,
# an epoch of a seed takes 0.6 seconds, and a seed 8 MB. Six tensors like the weights: these, their
# gradient, Adam's two moments, and room for a checkpoint's copies.
WEIGHTS = sum(n * m for n, m in pairwise([784, *config["model"]["hidden"], 10]))
SEED_MB = 25 + 6 * 4 * WEIGHTS / 1e6
EPOCH_MINUTES = 0.1 * max(1, WEIGHTS / 1e5)


def training_resources(n_seeds, epochs):
    """Say what every training job requests; the configuration's `training_resources` come first."""
    # Two more snakemakes run beside the training in a job of Slurm's executor.
    computed = {
        "mem_mb": growing(1500 + ceil(n_seeds * SEED_MB)),
        "runtime": growing(10 + ceil(n_seeds * epochs * EPOCH_MINUTES)),
    }
    return computed | config["training_resources"]


# The rungs of sweeps have seeds and epochs of their own; what is selected is trained like any
# variant. Of a variant that a rung selects the settings are those that the sweep selects from.
TRAINED = {
    variant: (settings, config["seeds"], config["training"]["epochs"])
    for variant, settings in VARIANTS.items()
}
TRAINED |= {
    variant: (SWEEPS[rung.sweep].get(variant, VARIANTS[rung.sweep]), SWEEP_SEEDS, rung.epochs)
    for rung in RUNGS.values()
    for variant in rung.variants
}

for variant, (settings, all_seeds, epochs) in TRAINED.items():
    for block, seeds in enumerate(seed_blocks(all_seeds, config["seeds_per_job"])):

        rule:
            name:
                f"train_{variant}_{block}"
            input:
                prepared=PREPARED,
                code=code("train"),
                rule=update_rules(settings),
                selected=selection_of(variant),
            # Updated, so that a rerun that fails leaves the runs that were finished before.
            output:
                iterations=update(run_files("iterations", [variant], seeds)),
                epochs=update(run_files("epochs", [variant], seeds)),
                weights=update(run_files("weights", [variant], seeds, "safetensors")),
            log:
                f"{LOGS}/train_{variant}_{block}.log",
            benchmark:
                f"{LOGS}/train_{variant}_{block}.benchmark.tsv"
            # The longest jobs begin first, so that no core waits for a last one.
            priority: 2
            conda:
                ENVIRONMENT
            threads: config["training"]["threads"]
            resources:
                **training_resources(len(seeds), epochs),
            # The seeds are not among the parameters, for then a change of seeds_per_job would
            # retrain: the job reads them from the names of its outputs. One dictionary, for of
            # several parameters Snakemake compares the values without their names: it would not
            # see that two of them change places.
            params:
                training=dict(
                    variant=variant,
                    settings=settings,
                    epochs=epochs,
                    evaluation_batch_size=config["evaluation"]["batch_size"],
                    training=TRAINING.given(),
                ),
            script:
                "../scripts/train.py"


RUNS = [
    *run_files("iterations"),
    *run_files("epochs"),
    *run_files("weights", suffix="safetensors"),
]
