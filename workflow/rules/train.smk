# Training: one job for each variant and block of seeds, one file for each run.

# The combinations of sweeps have seeds of their own; what is selected is trained like any variant.
TRAINED = {variant: (settings, config["seeds"]) for variant, settings in VARIANTS.items()}
TRAINED |= {
    combination: (settings, SWEEP_SEEDS)
    for combination, settings in combinations_of(SWEEPS).items()
}

for variant, (settings, all_seeds) in TRAINED.items():
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
            conda:
                "../../environment.yml"
            threads: config["training"]["threads"]
            # Two more snakemakes stand beside the training in a job of Slurm's executor.
            resources:
                mem_mb=lambda wildcards, attempt, n=len(seeds): (1500 + 25 * n) * attempt,
                runtime=lambda wildcards, attempt, n=len(seeds): (10 + 2 * n) * attempt,
            # The seeds are not among the parameters, for then a change of seeds_per_job would
            # retrain: the job reads them from the names of its outputs.
            params:
                variant=variant,
                settings=settings,
                root_seed=config["root_seed"],
                seeding=config["seeding"],
                hidden=config["model"]["hidden"],
                epochs=config["training"]["epochs"],
                batch_size=config["training"]["batch_size"],
                evaluation_batch_size=config["evaluation"]["batch_size"],
                threads=config["training"]["threads"],
                validation_fraction=config["training"]["validation_fraction"],
            script:
                "../scripts/train.py"
