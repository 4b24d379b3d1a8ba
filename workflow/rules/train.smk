# Training: one job for each variant and block of seeds, one file for each run.

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
                code=library(
                    "__init__",
                    "checkpoint",
                    "data",
                    "model",
                    "optimizers/__init__",
                    "optimizers/_gradients",
                    "optimizers/_user",
                    "records",
                    "runs",
                    "seeding",
                    "training",
                ),
                rule=rule_source(settings["optimizer"]),
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
                "../../environment.yml"
            threads: config["training"]["threads"]
            # Two more snakemakes stand beside the training in a job of Slurm's executor.
            resources:
                mem_mb=growing(1500 + ceil(len(seeds) * SEED_MB)),
                runtime=growing(10 + ceil(len(seeds) * epochs * EPOCH_MINUTES)),
            # The seeds are not among the parameters, for then a change of seeds_per_job would
            # retrain: the job reads them from the names of its outputs. One dictionary, for of
            # several parameters Snakemake compares the values without their names: it would not
            # see that two of them change places.
            params:
                training=dict(
                    variant=variant,
                    settings=settings,
                    root_seed=config["root_seed"],
                    seeding=config["seeding"],
                    hidden=config["model"]["hidden"],
                    epochs=epochs,
                    batch_size=config["training"]["batch_size"],
                    evaluation_batch_size=config["evaluation"]["batch_size"],
                    threads=config["training"]["threads"],
                    validation_fraction=config["training"]["validation_fraction"],
                ),
            script:
                "../scripts/train.py"
