"""What a shadow looks at: the parameters of a training loop, and the hyperparameters in force."""

import numbers
from collections.abc import Iterable, Mapping

import torch

from descent.errors import UsageError
from descent.optimizers.objects import unwrap
from descent.optimizers.step import find
from descent.parity.reference import PLAIN, load, takes


class OfParameters:
    """Parameters that any code updates.

    Parameters
    ----------
    parameters : torch.nn.Module, dict or list
    against : str or object
        See `descent.parity.reference.load`.
    hyperparameters : dict
        Those of the reference; lr may also be a function of the step, or an optimizer.

    Attributes
    ----------
    contender : descent.parity.contender.Contender
        The reference.
    """

    def __init__(self, parameters, against, hyperparameters):
        if against is None:
            raise UsageError("against: missing; name the reference, such as torch.optim.SGD")
        if isinstance(parameters, torch.Tensor) or not isinstance(
            parameters, torch.nn.Module | Mapping | Iterable
        ):
            raise UsageError(
                f"parameters: a model, a dict or list of tensors, or an optimizer, not a "
                f"{type(parameters).__name__}"
            )
        is_iterator = not isinstance(parameters, torch.nn.Module | Mapping | list)
        self._parameters = list(parameters) if is_iterator else parameters
        self._given = hyperparameters
        self.contender = load(against, _in_force(hyperparameters, 0))

    def find(self):
        """Return the parameters of each group, by name, as they are now."""
        if isinstance(self._parameters, torch.nn.Module):
            return [dict(self._parameters.named_parameters())]
        if isinstance(self._parameters, Mapping):
            return [{str(name): tensor for name, tensor in self._parameters.items()}]
        return [{f"parameters[{i}]": tensor for i, tensor in enumerate(self._parameters)}]

    def settings(self, step):
        """Return the hyperparameters of each group in a step, from 0."""
        return [self.contender.settings | _in_force(self._given, step)]


class OfOptimizer:
    """The groups of an optimizer; see `OfParameters`."""

    def __init__(self, optimizer, against, hyperparameters):
        own = type(optimizer)
        if against is None and not {"foreach", "fused"} & takes(own):
            raise UsageError(
                f"against: missing; name the reference, because {own.__name__} has no plain form "
                "to be held against"
            )
        self._optimizer, self._given = optimizer, hyperparameters
        # what groups have beside its arguments, such as initial_lr, is no hyperparameter
        shared = optimizer.param_groups[0].keys() & takes(own) & takes(_rule_of(against or own))
        self._names = shared - PLAIN.keys() - {"params"}
        self.contender = load(against or own, self._of_groups(0)[0])

    def find(self):
        """Return the parameters of each group, by name, as they are now."""
        groups = self._optimizer.param_groups
        found = []
        for number, group in enumerate(groups):
            place = f"param_groups[{number}]" if len(groups) > 1 else "params"
            names = [f"{place}[{index}]" for index in range(len(group["params"]))]
            names = group.get("param_names", names)
            found.append(dict(zip(names, group["params"], strict=True)))
        return found

    def settings(self, step):
        """Return the hyperparameters of each group in a step, from 0."""
        return [self.contender.settings | own for own in self._of_groups(step)]

    def _of_groups(self, step):
        given = _in_force(self._given, step)
        return [
            {name: _number(group[name]) for name in self._names} | given
            for group in self._optimizer.param_groups
        ]


def check_tensors(tensors):
    """Check that parameters can be copied and compared."""
    if not tensors:
        raise UsageError("parameters: there are none")
    for name, tensor in tensors.items():
        if not isinstance(tensor, torch.Tensor):
            raise UsageError(f"parameters: {name} is a {type(tensor).__name__}, not a tensor")
        if not tensor.is_floating_point():
            raise UsageError(f"parameters: {name} has dtype {tensor.dtype}; only real numbers")
    names = {}
    for name, tensor in tensors.items():
        other = names.setdefault(id(tensor), name)
        if other != name:
            raise UsageError(
                f"parameters: {other} and {name} are the same tensor, which would be updated "
                "twice; name it once"
            )


def describe_change(before, now):
    """Say how the parameters have changed."""
    changes = [
        f"{', '.join(names)} {what}"
        for names, what in (
            ([name for name in now if name not in before], "came"),
            ([name for name in before if name not in now], "went"),
        )
        if names
    ]
    if changes:
        return " and ".join(changes)
    name = next((name for name in now if now[name] != before[name]), None)
    if name is None:
        return "their order changed"
    was, became = next(
        pair for pair in zip(before[name], now[name], strict=True) if pair[0] != pair[1]
    )
    return f"{name} changed from {was} to {became}"


def _rule_of(against):
    """Find a function or class before its hyperparameters are known."""
    if not isinstance(against, str):
        return unwrap(against)[0]
    try:
        return find(against)[0]
    except Exception:  # an unknown one
        return load(against, {}).rule  # says what is wrong


def _in_force(given, step):
    return {
        name: _learning_rate(value, step) if name == "lr" else _number(value)
        for name, value in given.items()
    }


def _learning_rate(lr, step):
    if isinstance(lr, torch.optim.Optimizer):
        [*values] = {_number(group["lr"]) for group in lr.param_groups}
        if len(values) > 1:
            raise UsageError(
                "lr: the groups of the optimizer have several; use descent.shadow(optimizer)"
            )
        return values[0]
    lr = _number(lr(step) if callable(lr) else lr)
    if not isinstance(lr, numbers.Real):
        kind = type(lr).__name__
        raise UsageError(f"lr: a number, a function of the step, or an optimizer, not a {kind}")
    return lr


def _number(value):
    """Return the number in a hyperparameter that is a tensor: its value may change in place."""
    if isinstance(value, tuple):
        return tuple(map(_number, value))
    return value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value
