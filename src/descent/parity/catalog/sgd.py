"""Mistakes in stochastic gradient descent, beyond those of any rule."""

from functools import partial

from descent.parity.catalog.common import SETTINGS
from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "sgd", settings=SETTINGS["sgd"])

_STEP = "parameter.sub_(gradient, alpha=lr)"

MUTANTS = [
    _mutant("rate_missing", "the learning rate is missing", ((_STEP, "parameter.sub_(gradient)"),)),
    _mutant(
        "rate_twice",
        "the learning rate is multiplied twice",
        ((_STEP, "parameter.sub_(gradient, alpha=lr**2)"),),
    ),
    _mutant(
        "rate_divided",
        "the gradient is divided by the learning rate",
        ((_STEP, "parameter.sub_(gradient / lr)"),),
    ),
    _mutant(
        "gradient_of_mean",
        "the mean of the gradient over a tensor is used in place of its elements",
        ((_STEP, "parameter.sub_(gradient.mean(), alpha=lr)"),),
    ),
    _mutant(
        "assigned",
        "the step is assigned to the parameter in place of being subtracted from it",
        ((_STEP, "parameter.copy_(-lr * gradient)"),),
    ),
    _mutant(
        "biases_doubled",
        "the biases have twice the learning rate, as in Caffe",
        ((_STEP, "parameter.sub_(gradient, alpha=lr * (1 + (parameter.ndim == 1)))"),),
    ),
    _mutant(
        "rate_by_root",
        "the learning rate is divided by the root of the iteration",
        (
            (
                "    for parameter,",
                '    t = state["t"] = state.get("t", 0) + 1\n    for parameter,',
            ),
            ("alpha=lr", "alpha=lr / t**0.5"),
        ),
    ),
    _mutant(
        "momentum",
        "it has momentum",
        (
            (
                "    for parameter,",
                '    velocities = state.setdefault("v", [0 * p for p in parameters])\n'
                "    for velocity, parameter,",
            ),
            ("in zip(parameters,", "in zip(velocities, parameters,"),
            (_STEP, "parameter.sub_(velocity.mul_(0.9).add_(gradient), alpha=lr)"),
        ),
    ),
]
