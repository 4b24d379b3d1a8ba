"""The ways in which a rule may be called, judged by the names of its arguments."""

import itertools
from dataclasses import replace
from functools import partial

from descent.errors import RuleError
from descent.optimizers.form_names import is_hyperparameter, is_one, plain, role
from descent.optimizers.forms import initial, trial
from descent.optimizers.forms.outside import Outside
from descent.optimizers.forms.sources import Factory, Function, Object
from descent.optimizers.forms.way import BATCH, Way
from descent.optimizers.translation import (
    MISSING,
    HyperparameterError,
    Translation,
    translate,
)

#: Said of a rule that gets no parameters.
NO_PARAMETERS = (
    "no argument has a usual name of parameters, such as params, parameters, w or param_dict"
)

#: Roles of what parameters come in.
_GETS = {"parameters", "model", "layer"}


def ways(rule, given, failures):
    """Yield the ways in which a rule may be called, the likeliest first.

    Parameters
    ----------
    rule : callable or type
    given : dict
        The hyperparameters.
    failures : list
        Gets a pair of None and an exception if there is no way.
    """
    try:
        source = _source(rule, given)
        outside = Outside(rule)
        translation = _translation(source, outside, given)
    except Exception as error:  # a user's function may raise anything
        failures.append((None, error))
        return
    for container in _containers(source):
        choices = (
            _arrays(source, outside, container),
            ("d", "") if container in ("dict", "dict0") else ("",),
            _initials(source, container),
            (0, 1),
        )
        for arrays, prefix, start, count in itertools.product(*choices):
            yield Way(source, container, arrays, prefix, start, count, outside, translation)


def _source(rule, given):
    """Return where the function that takes a step comes from."""
    if isinstance(rule, type):
        if hasattr(rule, "init"):
            return _factory(rule, given)
        source = Object(rule, given)
    else:
        source = Function(rule, given)
        if not source.roles & _GETS:
            if not all(map(is_hyperparameter, source.own)):
                raise RuleError(NO_PARAMETERS)
            return _factory(rule, given)
    if not source.made_from and not source.roles & _GETS:
        raise RuleError(NO_PARAMETERS)
    return source


def _factory(rule, given):
    translation = translate(Function(rule, given).own, given)
    return Factory(rule, given, translation.own(given))


def _translation(source, outside, given):
    own = source.own | {
        name: value
        for name, value in outside.numbers.items()
        if name not in source.own and (is_hyperparameter(name) or name in given)
    }
    if "config" in source.roles:
        return Translation({name: name for name in own}, own)  # until its config is known
    return translate(own, given)


def _initials(source, container):
    states = [each for each in source.arguments if each.role == "state"]
    if isinstance(source, Factory):
        return [partial(_from_factory, source, [each.name for each in states])]
    return [
        partial(_without_the_object, start)
        for start in initial.candidates(source.rule, states, container)
    ]


def _from_factory(source, names, made, parameters, items):
    state = source.start(made, parameters)
    return {names[0]: state} if len(names) == 1 else dict(zip(names, state, strict=True))


def _without_the_object(start, made, parameters, items):
    return start(parameters, items)


def _containers(source):
    if "layer" in source.roles:
        return ["layers"]
    if "model" in source.roles or (source.made_from and source.made_from.role == "model"):
        return ["model"]
    parameters = [each for each in source.arguments if each.role == "parameters"]
    if source.made_from:
        parameters = [source.made_from]
    name = parameters[0].name if parameters else "params"
    if "dict" in plain(name):
        return ["dict", "dict0"]
    if is_one(name):
        return ["single", "list", "dict", "dict0", "pairs"]
    names = [each.name for each in source.arguments]
    if names[:3] == ["parameters", "gradients", "state"]:  # as `descent new` writes it
        return ["list"]
    return ["list", "dict", "dict0", "pairs", "single"]


def _arrays(source, outside, container):
    """List the kinds of arrays, beginning with those of the library that the rule uses."""
    if container == "layers":
        return ["numpy"]
    kinds = ("torch", "numpy") if "gradients" in source.roles else ("leaf", "box")
    if "numpy" in outside.modules and "torch" not in outside.modules:
        return kinds[::-1] if container != "model" else ["leaf"]
    return kinds


def with_config(way, given):
    """Add to a way what the rule's config holds."""
    if "config" not in way.source.roles:
        return way
    # their values do not matter: this is only to see what the config is asked for
    own = {
        name: 0.5 if default is MISSING else default
        for name, default in way.translation.defaults.items()
    }
    asked, needed, failed = trial.ask(lambda config: _one_step(replace(way, config=config), own))
    config = {name: way.start for name in needed if role(name) == "counter"}
    config |= {name: BATCH for name in asked if role(name) == "batch" and name not in given}
    entries = {}
    for name, default in asked.items():
        if name in config or not (is_hyperparameter(name) or name in given):
            continue
        if name in needed or name in given:
            entries[name] = MISSING if default is None else default
        elif default is not None:
            entries[name] = default
    own = way.translation.defaults | entries
    try:
        translation = translate(own, given)
    except HyperparameterError as error:
        raise failed or error from None  # it may have failed before it asked for everything
    return replace(way, config=config, config_names=tuple(entries), translation=translation)


def _one_step(way, own):
    parameters, draw = trial.network()
    n = 1 if way.container == "single" else len(parameters)  # each array has its own config
    way.results(parameters[:n], draw()[:n], {}, own)
