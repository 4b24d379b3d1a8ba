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
        `step(gradients, **changed)`, one iteration; `changed` are hyperparameters that have another
        value from now on, such as a learning rate that follows a schedule.
    """
    kind, _, name = optimizer.rpartition(".")
    if kind == "torch.optim":
        return partial(_torch_step, getattr(torch.optim, name)(parameters, **hyperparameters))
    rule = getattr(importlib.import_module(f"descent.optimizers.{name}"), name)
    return bind(rule, parameters, hyperparameters)


def bind(rule, parameters, hyperparameters):
    """Bind a hand-written rule to parameters, with a state of its own; see `make_step`."""
    return partial(_scratch_step, rule, parameters, {}, dict(hyperparameters))


def _scratch_step(rule, parameters, state, hyperparameters, gradients, **changed):
    hyperparameters.update(changed)
    with torch.no_grad():
        rule(parameters, gradients, state, **hyperparameters)


def _torch_step(optimizer, gradients, **changed):
    group = optimizer.param_groups[0]
    group.update(changed)
    for parameter, gradient in zip(group["params"], gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()
