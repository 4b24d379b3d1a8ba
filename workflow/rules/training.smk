# Training: one job per variant and block of seeds, with separate files for each run.

# The rungs of sweeps have their own seeds and epochs; a selected variant is trained like any other.
# The settings of a variant that a rung selects are those that the sweep selects from.
TRAINED = {
    variant: (settings, config["seeds"], config["training"]["epochs"])
    for variant, settings in VARIANTS.items()
}
TRAINED |= {
    variant: (SWEEPS[rung.sweep].get(variant, VARIANTS[rung.sweep]), SWEEP_SEEDS, rung.epochs)
    for rung in RUNGS.values()
    for variant in rung.variants
}

# No parameter of jobs that cannot depend on it.
STACK_SIZE = {"stack_size": config["training"]["stack_size"]} if MAY_USE_GPU else {}

# Each block of seeds of a variant, by the name of its Snakemake rule.
BLOCKS = {
    f"train_{variant}_{block}": (variant, settings, seeds, epochs)
    for variant, (settings, all_seeds, epochs) in TRAINED.items()
    for block, seeds in enumerate(seed_blocks(all_seeds, config["seeds_per_job"]))
}
# The training jobs for which a node starts snakemake; none elsewhere, and on the nodes of other jobs.
TRAINED_HERE = asked_for_here(BLOCKS)

for name, (variant, settings, seeds, epochs) in BLOCKS.items():
    if name in TRAINED_HERE or not TRAINED_HERE:

        rule:
            name:
                name
            input:
                prepared=ancient(DATA),
                code=code("train"),
                rule=update_rule(settings["optimizer"]),
                network=network(),
                selected=selection_of(variant),
            output:
                iterations=updated(run_files("iterations", [variant], seeds)),
                epochs=updated(run_files("epochs", [variant], seeds)),
                weights=updated(run_files("weights", [variant], seeds, "safetensors")),
            log:
                f"{LOGS}/{name}.log",
            benchmark:
                f"{LOGS}/{name}.benchmark.tsv"
            # The longest jobs start first, so that no cores are left waiting for the last one.
            priority: 2
            conda:
                ENVIRONMENT
            threads: config["training"]["threads"]
            resources:
                **training_resources(len(seeds), epochs),
            # The seeds are not among the parameters, because then a change of seeds_per_job would
            # retrain; the job reads them from the names of its outputs. It is one dictionary,
            # because Snakemake compares the values of several parameters without their names and
            # would not notice if two were swapped.
            params:
                training=dict(
                    variant=variant,
                    settings=settings,
                    epochs=epochs,
                    evaluation_batch_size=config["evaluation"]["batch_size"],
                    training=TRAINING.given(),
                    **STACK_SIZE,
                    **packages(settings["optimizer"]),
                ),
            script:
                "../scripts/train.py"


stands_for("train", BLOCKS)

RUNS = [
    *run_files("iterations"),
    *run_files("epochs"),
    *run_files("weights", suffix="safetensors"),
]
