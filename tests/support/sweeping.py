"""Sweeps for tests: comparisons with lists of values, and the final values of their runs."""

import pandas as pd

import configurations


def configure(comparison, **overrides):
    training = {"validation_fraction": 0.1}
    return configurations.resolve(
        {"training": training, "comparisons": {"c": comparison}} | overrides
    )


def sgd(**settings):
    return {"optimizer": "torch.optim.SGD", **settings}


def runs(**final):
    """Runs that end with the given (accuracy, loss) for each seed."""
    return {
        (name, seed): pd.DataFrame(
            {"validation_accuracy": [0.99, accuracy], "validation_loss": [0.0, loss]}
        )
        for name, values in final.items()
        for seed, (accuracy, loss) in enumerate(values)
    }


COMBINATIONS = {name: {"lr": lr, "momentum": 0} for name, lr in zip("abc", (1, 2, 3), strict=True)}
