"""The state that a rule starts from: what an init function beside it makes, or zeros."""

import copy
import inspect
from functools import partial

import numpy as np
import torch

from descent.optimizers.form_names import role
from descent.optimizers.forms.containers import build, values

_INIT = ("init", "initialize", "create", "make", "zero")

#: Words in the name of a rule that say nothing of its state.
_COMMON = {"update", "step", "parameters", "params", "with", "train", "optimizer", "rule"}


def candidates(rule, arguments, container):
    """List ways to start the state arguments of a rule, the likeliest first.

    Parameters
    ----------
    rule : callable
    arguments : list of inspect.Parameter
        Those that are state.
    container : str
        See `descent.optimizers.forms.containers.build`.

    Returns
    -------
    list of callable
        Each takes the container with the parameters and the list of its items, and returns a dict
        of the arguments.
    """
    if not arguments:
        return [_none]
    names = [argument.name for argument in arguments]
    found = []
    if all(argument.default is not argument.empty for argument in arguments):
        found.append(partial(_defaults, {each.name: each.default for each in arguments}))
    found += [partial(_by_function, names, function, container) for function in _beside(rule)]
    prefixes = ("d", "") if container in ("dict", "dict0") else ("",)
    for copies in (1, 2, 3):
        found += [partial(_zeros, names, container, copies, prefix) for prefix in prefixes]
    return [*found, *(partial(_same, names, make) for make in (dict, list, lambda: None, int))]


def _none(parameters, items):
    return {}


def _defaults(defaults, parameters, items):
    return copy.deepcopy(defaults)


def _same(names, make, parameters, items):
    return {name: make() for name in names}


def zeros_like(each):
    """Return zeros like an item's numbers."""
    found = values(each)
    return np.zeros_like(found) if isinstance(found, np.ndarray) else torch.zeros_like(found)


def _zeros(names, container, copies, prefix, parameters, items):
    def one(each):
        if copies == 1:
            return zeros_like(each)
        return tuple(zeros_like(each) for _ in range(copies))

    return {name: build(container, [one(each) for each in items], prefix) for name in names}


def _beside(rule):
    """List the functions beside a rule that may make its state, the likeliest first.

    Which one fits, the trial tells. None is called that may be for anything else.
    """
    rule = inspect.unwrap(rule)
    words = set(rule.__name__.split("_")) - _COMMON
    functions = [
        (len(words & set(name.split("_"))), value)
        for name, value in getattr(rule, "__globals__", {}).items()
        if name.strip("_").startswith(_INIT)
        and inspect.isfunction(value)
        and value.__module__ == rule.__module__
        and (name in _INIT or role(name) == "state" or words & set(name.split("_")))
    ]
    return [function for _, function in sorted(functions, key=lambda pair: -pair[0])]


def _by_function(names, function, container, parameters, items):
    arguments = list(inspect.signature(function).parameters.values())
    needed = [each for each in arguments if each.default is each.empty]
    if needed and role(needed[0].name) == "parameters":
        made = function(parameters)
    else:
        # such as init_momentum_states(feature_dim), which knows the shapes of one network only
        made = _like_the_first(function(*(3 for _ in needed)), container, items, len(names))
    return _spread(names, made)


def _spread(names, made):
    if len(names) == 1:
        return {names[0]: made}
    return dict(zip(names, made, strict=True))


def _like_the_first(made, container, items, n_arguments):
    """Make for every parameter what an init function made for the parameters of its network."""
    if n_arguments > 1:
        return tuple(_like_the_first(each, container, items, 1) for each in made)
    return build(container, [_like(made[0], each) for each in items])


def _like(pattern, each):
    if isinstance(pattern, tuple | list):
        return type(pattern)(_like(part, each) for part in pattern)
    numbers = np.asarray(values(pattern))
    first = float(numbers.flat[0])
    if not (numbers == first).all():
        raise ValueError("an initial state with several numbers fits one network only")
    return zeros_like(each) + first
