"""The hand-written rules, one a file, and the one way to call any optimizer.

A rule `name` is the function of that name in `name.py`, or in a file of the user's own:

    def rule(parameters, gradients, state, *, <hyperparameters>): ...

It updates the parameters in place and is called under `torch.no_grad()`. Parameters and gradients
are lists of tensors; the gradients are fresh and may be kept. `state` is a dict that starts empty
and lives as long as the run.

A rule is written for one network, whose weights are (outputs, inputs) and whose biases (outputs,).
It is called for each seed with that seed's tensors and its own state. A file that says
`ELEMENTWISE = True` promises that its rules treat every number of a tensor apart from the others:
they are called once for all seeds, which is faster, with tensors whose first dimension is the seed.
"""

import importlib
from functools import partial

import torch

from descent import model
from descent.optimizers import _user

#: Classes of torch.optim that treat every number of a tensor apart from the others.
ELEMENTWISE_CLASSES = {
    *("ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax"),
    *("NAdam", "RAdam", "RMSprop", "Rprop", "SGD"),
}


def make_step(optimizer, parameters, hyperparameters):
    """Bind an optimizer to parameters.

    Parameters
    ----------
    optimizer : str
        `scratch.<rule>`, `torch.optim.<Class>`, or `<file>:<rule>` with a rule or a subclass of
        `torch.optim.Optimizer` of the user's own.
    parameters : list of torch.Tensor
        Stacked over seeds, see `descent.model.initialize`; updated in place by every step.
    hyperparameters : dict
        Keyword arguments of the rule or class.

    Returns
    -------
    callable
        `step(gradients, **changed)`, one iteration; `changed` are hyperparameters that have another
        value from now on, such as a learning rate that follows a schedule.

    Raises
    ------
    descent.optimizers._user.RuleError
        If the user's rule is wrong; `step` raises it as well.
    """
    file = optimizer.rpartition(":")[0]
    if not file:
        return _make_step(optimizer, parameters, hyperparameters)
    with _user.blaming(file):
        make = partial(_make_step, optimizer, hyperparameters=hyperparameters)
        if hyperparameters.get("lr") != 0:
            _user.try_out(make, parameters)
        return _user.blaming(file)(make(parameters))


def _make_step(optimizer, parameters, hyperparameters):
    rule, elementwise = _find(optimizer)
    if elementwise:
        unstack = _as_one
    else:  # torch's Muon takes matrices only
        is_muon = isinstance(rule, type) and issubclass(rule, torch.optim.Muon)
        unstack = partial(model.unstack, bias_as_column=is_muon)
    steps = [
        # found anew for each network: a global variable of a user's file then belongs to one
        bind(_find(optimizer)[0], network, hyperparameters)
        for network in unstack([parameter.detach() for parameter in parameters])
    ]

    def step(gradients, **changed):
        for network_step, network_gradients in zip(steps, unstack(gradients), strict=True):
            network_step(network_gradients, **changed)

    return step


def _find(optimizer):
    """Return a rule or class, and whether it may be called once on stacked tensors."""
    kind, _, name = optimizer.rpartition(".")
    file, _, own_name = optimizer.rpartition(":")
    if file:
        module, name = _user.load(file), own_name
    elif kind == "scratch":
        module = importlib.import_module(f"descent.optimizers.{name}")
    else:
        return getattr(torch.optim, name), name in ELEMENTWISE_CLASSES
    return getattr(module, name), getattr(module, "ELEMENTWISE", False)


def _as_one(tensors):
    return [tensors]


def bind(rule, parameters, hyperparameters):
    """Bind a hand-written rule or a class of torch to tensors as they are; see `make_step`."""
    if isinstance(rule, type):
        if not issubclass(rule, torch.optim.Optimizer):
            raise TypeError(f"{rule.__name__} is no subclass of torch.optim.Optimizer")
        for parameter in parameters:
            parameter.requires_grad_()  # as the parameters that torch's optimizers know
        return partial(_torch_step, rule(parameters, **hyperparameters), parameters)
    return partial(_scratch_step, rule, parameters, {}, dict(hyperparameters))


def _scratch_step(rule, parameters, state, hyperparameters, gradients, **changed):
    hyperparameters.update(changed)
    with torch.no_grad():
        rule(parameters, gradients, state, **hyperparameters)


def _torch_step(optimizer, parameters, gradients, **changed):
    for group in optimizer.param_groups:
        group.update(changed)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    with torch.no_grad():
        optimizer.step()
