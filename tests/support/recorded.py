"""A run as training records it, but with random numbers."""

import numpy as np

from descent.training.run import Run


def make_run(seed, n_iterations=12, n_epochs=3):
    random = np.random.default_rng(seed)
    return Run(
        seed,
        {
            column: random.random(n_iterations, dtype=np.float32)
            for column in ("train_loss", "train_accuracy")
        },
        *random.random((5, n_epochs + 1)).tolist(),
        iterations_per_epoch=n_iterations // n_epochs,
    )
