"""The hand-written rules, one a file, and the one way to call any optimizer.

A rule `name` is the function of that name in `name.py`:

    def rule(parameters, gradients, state, *, <hyperparameters>): ...

It updates the parameters in place and is called under `torch.no_grad()`. Parameters and gradients
are lists of tensors, stacked over seeds in their first dimension; the gradients are fresh and may
be kept. `state` is a dict that starts empty and lives as long as the run.
"""

import importlib
from functools import partial

import torch


def make_step(optimizer, parameters, hyperparameters):
    """Bind an optimizer to parameters.

    Parameters
    ----------
    optimizer : str
        `scratch.<rule>` or `torch.optim.<Class>`.
    parameters : list of torch.Tensor
        Updated in place by every step.
    hyperparameters : dict
        Keyword arguments of the rule or class.

    Returns
    -------
    callable
        `step(gradients)`, one iteration.
    """
    kind, _, name = optimizer.rpartition(".")
    if kind == "torch.optim":
        return partial(_torch_step, getattr(torch.optim, name)(parameters, **hyperparameters))
    rule = getattr(importlib.import_module(f"descent.optimizers.{name}"), name)
    return partial(_scratch_step, partial(rule, **hyperparameters), parameters, {})


def _scratch_step(rule, parameters, state, gradients):
    with torch.no_grad():
        rule(parameters, gradients, state)


def _torch_step(optimizer, gradients):
    parameters = optimizer.param_groups[0]["params"]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()
