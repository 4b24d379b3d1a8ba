"""Optimizers that are given as objects, as from a notebook, and not by name."""

import functools
import inspect

import torch

from descent.errors import SignatureError

_LEADING = 3


def unwrap(thing):
    """Find the function or class of an optimizer, and the hyperparameters that it already has.

    Parameters
    ----------
    thing : function, class, torch.optim.Optimizer or functools.partial

    Returns
    -------
    rule : function or class
    settings : dict

    Raises
    ------
    SignatureError
        If it is none of these.
    """
    if isinstance(thing, functools.partial):
        rule, settings = unwrap(thing.func)
        if thing.args:
            raise SignatureError(
                f"{rule.__name__}: give hyperparameters to functools.partial by name, as in "
                f"partial({rule.__name__}, lr=0.01)"
            )
        return rule, settings | thing.keywords
    if isinstance(thing, torch.optim.Optimizer):
        if len(thing.param_groups) > 1:
            raise SignatureError(
                f"{type(thing).__name__}: it has {len(thing.param_groups)} groups of parameters; "
                "check its class, with the hyperparameters of one group"
            )
        [group] = thing.param_groups
        taken = inspect.signature(type(thing)).parameters
        return type(thing), {
            name: value for name, value in group.items() if name in taken and name != "params"
        }
    if not callable(thing) or not hasattr(thing, "__name__"):
        raise SignatureError(
            f"{thing!r} is no optimizer; give a function, a class, an instance of "
            "torch.optim.Optimizer, or a text such as 'torch.optim.SGD'"
        )
    return thing, {}


def check_object(rule, given):
    """Check the names of hyperparameters against the signature of a function or class.

    Parameters
    ----------
    rule : function or class
    given : set of str

    Raises
    ------
    SignatureError
        If it does not take a given hyperparameter, or needs a missing one.
    """
    is_class = isinstance(rule, type)
    parameters = list(inspect.signature(rule).parameters.values())
    own = parameters[1 if is_class else _LEADING :]
    if not is_class and len(parameters) < _LEADING:
        raise SignatureError(f"{rule.__name__} must begin with (parameters, gradients, state)")
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in own):
        names = [parameter.name for parameter in own]
        for name in sorted(set(given) - set(names)):
            takes = ", ".join(names) or "none"
            raise SignatureError(f"{name}: {rule.__name__} takes no {name} here; it takes {takes}")
    for parameter in own:
        is_named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if is_named and parameter.default is parameter.empty and parameter.name not in given:
            raise SignatureError(f"{parameter.name}: missing; {rule.__name__} needs it")
