"""Recognise the form in which a rule is written, and adapt it to the canonical one."""

import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, Signature

import torch

from descent.errors import ForbiddenByTorchError, HyperparameterError, RuleError
from descent.optimizers.adapters import adapt
from descent.optimizers.adapters.foreign import Foreign
from descent.optimizers.form_names import FORMS, may_be_canonical, needs_more
from descent.optimizers.forms import trial
from descent.optimizers.forms.outside import Outside
from descent.optimizers.forms.ways import NO_PARAMETERS, ways, with_config
from descent.optimizers.forms.wording import form_of, words_of


@dataclass(frozen=True)
class Adapted:
    """A rule of another form, to be called like a canonical one.

    Attributes
    ----------
    rule : callable
        `rule(parameters, gradients, state, **hyperparameters)`. Its signature lists the
        hyperparameters by the names that the user gives, with their defaults.
    form : str
        A key of `descent.optimizers.form_names.FORMS`.
    words : str
        The form in words.
    translated : list of str
        Which hyperparameters have another name in the rule, such as "learning_rate is lr".
    """

    rule: Callable
    form: str
    words: str
    translated: list


class _Rule:
    """A canonical rule that calls one of another form."""

    def __init__(self, way, made_of):
        self._way, self._made_of = way, made_of
        self.__name__ = way.source.rule.__name__
        self.__signature__ = _signature(way.translation.defaults)

    def __call__(self, parameters, gradients, state, **hyperparameters):
        self._way(parameters, gradients, state, **hyperparameters)

    def __reduce__(self):
        # only what is the user's, see `descent.optimizers.user_rules.remembered`
        return _again, self._made_of


def _again(*made_of):
    return recognise(*made_of).rule


def _signature(defaults):
    leading = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD)
        for name in ("parameters", "gradients", "state")
    ]
    options = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default)
        for name, default in defaults.items()
    ]
    return Signature([*leading, *options])


def recognise(rule, hyperparameters, form=None):
    """Find out in which form a rule is written.

    Parameters
    ----------
    rule : callable or type
    hyperparameters : dict
        Those that the user gives.
    form : str, optional
        A key of `FORMS`, to leave out all others.

    Returns
    -------
    Adapted or None
        None if the rule has the canonical form or is a subclass of `torch.optim.Optimizer`.

    Raises
    ------
    RuleError
        If the rule has none of the forms, or does not take the hyperparameters.
    """
    if form is not None and form not in FORMS:
        raise RuleError(f"there is no form {form}; the forms are {', '.join(FORMS)}")
    is_class = isinstance(rule, type)
    if isinstance(rule, _Rule | Foreign) or (is_class and issubclass(rule, torch.optim.Optimizer)):
        return None
    if foreign := adapt(rule, hyperparameters):
        return Adapted(foreign, "adapter", foreign.kind, foreign.translation.words())
    given = dict(hyperparameters)
    if given.get("lr") == 0:
        given["lr"] = 0.1  # only to see something move
    with trial.quiet():
        canonical = not is_class and form is None and _begins_like_a_canonical_rule(rule)
        walked = _walk_as_canonical(rule, given) if canonical else None
        if walked and walked[1] is None:
            return None
        way, failures = _best(rule, given, form)
        if walked and (way is None or _lead_to(way, given, walked[0])):
            return None  # what it returns makes no difference
    if way is not None:
        adapted = _Rule(way, (rule, dict(hyperparameters), form))
        return Adapted(adapted, form_of(way), words_of(way), way.translation.words())
    if canonical and _is_meant_to_be_canonical(rule, given):
        return None  # its mistakes are told when it is called
    raise _no_form(rule, given, failures)


def _begins_like_a_canonical_rule(rule):
    kinds = [each.kind for each in inspect.signature(rule).parameters.values()]
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return sum(kind in positional for kind in kinds) >= 3 or Parameter.VAR_POSITIONAL in kinds


def _is_meant_to_be_canonical(rule, given):
    """Tell whether the names of the arguments are those of a canonical rule, or anything."""
    found = inspect.signature(rule).parameters
    takes_any = any(each.kind is Parameter.VAR_KEYWORD for each in found.values())
    taken = takes_any or (not needs_more(list(found)) and set(given) <= set(found))
    return may_be_canonical(list(found)) and taken


def _walk_as_canonical(rule, given):
    """Return where a canonical rule leads and what it returns; None if it moves nothing."""
    outside = Outside(rule)
    kept = {}

    def call(parameters, gradients, state, **hyperparameters):
        with outside.of(kept, {}):
            return rule(parameters, gradients, state, **hyperparameters)

    try:
        before, after, returned = trial.walk(call, given)
    except Exception:  # a user's function may raise anything
        return None
    return (after, returned) if trial.grade(before, after) else None


def _lead_to(way, given, end):
    """Tell whether a way takes the same steps as a canonical rule that returns something."""
    _, after, _ = trial.walk(way, given)
    return all(torch.equal(*pair) for pair in zip(after, end, strict=True))


def _best(rule, given, form):
    """Return the way that works best, or None, and why the others failed."""
    best, best_grade, failures = None, 0, []
    for way in ways(rule, given, failures):
        if best and way.container != best.container:
            break  # a wrong rule, taken as what it most looks like
        if form is not None and form_of(way) != form:
            continue
        try:
            way = trial.complete(with_config(way, given), given)
            found = trial.grade(*trial.walk(way, given)[:2])
        except Exception as error:  # a user's function may raise anything
            failures.append((way, error))
            continue
        if found > best_grade:
            best, best_grade = way, found
        if found == trial.ALL:
            _try_deeper(rule, way, given)
            break
        if not found:
            failures.append((way, trial.NoStepError("no parameter changes")))
    return best, failures


def _try_deeper(rule, way, given):
    """Refuse a rule that names the tensors of one network."""
    try:
        before, after, _ = trial.walk(way, given, trial.DEEPER)
        works = trial.grade(before, after) == trial.ALL
    except Exception:  # a user's function may raise anything
        works = False
    if not works:
        raise RuleError(
            f"{rule.__name__} is written for a network of two layers; it must do the same for any "
            "number of parameters, in a loop"
        )


def _no_form(rule, given, failures):
    """Say why no form fits, and how to write an adapter."""
    for _, error in failures:
        if isinstance(error, ForbiddenByTorchError | HyperparameterError):
            return error
    if failures and isinstance(failures[0][1], trial.NoStepError):  # the likeliest way works
        way, error = failures[0]
        return RuleError(f"{rule.__name__} takes no step: {words_of(way)}, {error}")
    file = Outside(rule).file
    way, error = max(failures, key=lambda each: _reach(*each, file), default=(None, None))
    if error is None:
        error = RuleError("its arguments do not fit")
    if way is None and str(error) != NO_PARAMETERS:
        return RuleError(str(error))
    said = " ".join(str(error).split())
    if not isinstance(error, RuleError):
        said = f"{type(error).__name__} in line {_reach(way, error, file):.0f}: {said}"
    where = f"{words_of(way)}, which is nearest, it fails: {said}" if way else said
    name, needs = rule.__name__, ", ".join(given) or "lr"
    return RuleError(
        f"{name} has none of the forms that can be called as they are; {where}. An adapter helps:\n"
        f"    def rule(parameters, gradients, state, *, {needs}):\n"
        "        for p, g in zip(parameters, gradients):\n"
        f"            p.copy_(...)  # what {name} makes of p and g; its memory goes into state"
    )


def _reach(way, error, file):
    """Tell how far a user's function came: to which line, or to its end."""
    if isinstance(error, trial.NoStepError) or way is None:
        return 0
    if isinstance(error, RuleError):
        return float("inf")
    frames = traceback.extract_tb(error.__traceback__)
    return max((frame.lineno for frame in frames if frame.filename == file), default=0)
