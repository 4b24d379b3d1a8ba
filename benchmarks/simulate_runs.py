"""Write the records of simulated runs, to see how evaluation scales without training for hours."""

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

from descent.provenance import provenance
from descent.records import write_epochs, write_iterations
from descent.training.run import Run

#: The time constants with which the curves of the default variants decay, in iterations.
TIME_CONSTANTS = {
    "sgd_scratch": 300,
    "sgd_torch": 300,
    "momentum_scratch": 30,
    "momentum_torch": 30,
}
EPOCHS = 20
ITERATIONS_PER_EPOCH = 469
BATCH_SIZE = 128


def simulate(seed, time_constant):
    """Simulate a run: power-law curves with the noise of mini-batches of 128 images.

    Parameters
    ----------
    seed : int
    time_constant : float
        Iterations until the loss has halved.

    Returns
    -------
    descent.training.run.Run
    """
    generator = np.random.default_rng([seed, time_constant])
    iteration = np.arange(EPOCHS * ITERATIONS_PER_EPOCH)
    level = 2.3 * np.exp(generator.normal(0, 0.02)) / (1 + iteration / time_constant)
    accuracy = np.exp(-0.3 * level)
    iterations = {
        "train_loss": level * generator.gamma(25, 1 / 25, len(level)),
        "train_accuracy": generator.binomial(BATCH_SIZE, accuracy) / BATCH_SIZE,
    }
    ends = np.append(0, ITERATIONS_PER_EPOCH * np.arange(1, EPOCHS + 1) - 1)
    return Run(
        seed,
        iterations={column: values.astype(np.float32) for column, values in iterations.items()},
        test_loss=list(0.06 + level[ends]),
        test_accuracy=list(0.98 * accuracy[ends]),
        train_seconds=[0.0] + [0.5] * EPOCHS,
        validation_loss=[None] * (EPOCHS + 1),
        validation_accuracy=[None] * (EPOCHS + 1),
        iterations_per_epoch=ITERATIONS_PER_EPOCH,
    )


def write(folder, n_runs):
    """Write the iterations and epochs of simulated runs as the training jobs would.

    Parameters
    ----------
    folder : path
        As `results/<name>`.
    n_runs : int
        Divided evenly among the variants.

    Returns
    -------
    dict
        Maps each variant to the list of its seeds.
    """
    seeds = list(range(n_runs // len(TIME_CONSTANTS)))
    runs = [(variant, seed) for variant in TIME_CONSTANTS for seed in seeds]
    for variant, seed in tqdm(runs, desc=f"simulate {n_runs} runs", leave=False):
        run = simulate(seed, TIME_CONSTANTS[variant])
        metadata = {
            "configuration": {"variant": variant, "settings": {}},
            "seed": seed,
            "status": "simulated",
            "forward_pass": {"images": 256, "seconds": 0.001},
            **provenance(),
        }
        for kind, write_file in (("iterations", write_iterations), ("epochs", write_epochs)):
            file = Path(folder) / kind / variant / f"seed_{seed}.parquet"
            write_file(file, variant, run, metadata)
    return dict.fromkeys(TIME_CONSTANTS, seeds)


def main():
    """Write simulated runs to a folder such as `results/<name>`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default="results/simulated", type=Path)
    parser.add_argument("--runs", type=int, default=1000, help="4 variants together")
    arguments = parser.parse_args()
    write(arguments.folder, arguments.runs)


if __name__ == "__main__":
    main()
