"""Tests of update rules as they are common in courses and libraries, written from descriptions."""

import functools
import importlib

import torch

#: Learning rates at which the right rules halve the loss of the small problem in time.
LEARNING_RATE = {
    **{"sgd": 0.1, "sgd_momentum": 0.02, "dampened_momentum": 0.02, "nesterov": 0.02, "asgd": 0.1},
    **{"adagrad": 0.3, "adadelta": 10.0, "rmsprop": 0.02, "adam": 0.05, "adamw": 0.05},
    **{"adamax": 0.05, "nadam": 0.05, "radam": 0.05, "adafactor": 0.2, "rprop": 0.01, "muon": 0.05},
}

#: Name, and what a rule must do to pass.
TESTS = {
    "one step": "the parameters after one step are those of the reference, to 1e-6",
    "end, 1e-3": "the parameters after 1,000 iterations are those of the reference, to 1e-3",
    "end, 1e-4": "the parameters after 1,000 iterations are those of the reference, to 1e-4",
    "loss halves": "the loss halves within 100 iterations",
}


def right(name):
    """Return an included update rule."""
    return getattr(importlib.import_module(f"descent.optimizers.scratch.{name}"), name)


def failed(name, rule, settings):
    """Tell which of the tests an update rule fails, out of those that the right one passes.

    Parameters
    ----------
    name : str
        The rule of `descent.optimizers.scratch` that is the reference.
    rule : callable
    settings : dict
        Hyperparameters; `LEARNING_RATE` replaces the learning rate.

    Returns
    -------
    dict
        Whether it fails each of `TESTS`.
    """
    settings = settings | {"lr": LEARNING_RATE[name]}
    ours, theirs = _train(rule, settings), _reference(name, tuple(settings.items()))
    return {
        "one step": not _close(ours[1], theirs[1], 1e-6),
        "end, 1e-3": not _close(ours[-1], theirs[-1], 1e-3),
        "end, 1e-4": not _close(ours[-1], theirs[-1], 1e-4),
        "loss halves": _halves(theirs) and not _halves(ours),
    }


@functools.cache
def _reference(name, settings):
    return _train(right(name), dict(settings))


def _problem():
    """Make inputs, and the outputs of a linear map with noise."""
    random = torch.Generator().manual_seed(0)
    inputs = torch.randn(50, 4, generator=random)
    outputs = inputs @ torch.randn(4, 3, generator=random) + torch.randn(3, generator=random)
    return inputs, outputs + 0.1 * torch.randn(50, 3, generator=random)


def _train(rule, settings, iterations=1000):
    """Fit the linear map; return the parameters before and after each iteration.

    They are NaN from where the rule raises an exception.
    """
    inputs, outputs = _problem()
    random = torch.Generator().manual_seed(1)
    weight, bias = torch.randn(3, 4, generator=random) / 2, torch.zeros(3)
    uphill = -1 if settings.get("maximize") else 1
    state, taken = {}, [torch.cat([weight.flatten(), bias])]
    for _ in range(iterations):
        error = uphill * 2 * (inputs @ weight.T + bias - outputs) / len(inputs)
        try:
            rule([weight, bias], [error.T @ inputs, error.sum(0)], state, **settings)
        except (ArithmeticError, RuntimeError, TypeError):  # wrong enough to fail every test
            weight.fill_(torch.nan)
        taken.append(torch.cat([weight.flatten(), bias]))
    return taken


def _halves(taken):
    inputs, outputs = _problem()

    def loss(parameters):
        weight, bias = parameters[:12].view(3, 4), parameters[12:]
        return (inputs @ weight.T + bias - outputs).square().sum().item()

    return min(map(loss, taken[1:101])) <= loss(taken[0]) / 2


def _close(ours, theirs, tolerance):
    return bool((ours - theirs).abs().max() <= tolerance * theirs.abs().max())
