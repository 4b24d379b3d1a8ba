"""What a wrong rule looks like: the mistake that takes the same steps, or facts about the steps.

A mistake is recognized by its steps. Every known one, and the reference at other hyperparameters,
is given the gradients with which the rule was found to be wrong; the one that stays with the rule
is named. Several may, where these gradients and hyperparameters do not tell them apart.
"""

import inspect
from dataclasses import replace
from functools import partial

import torch

from descent.optimizers.clipping import KINDS, clip_norm
from descent.optimizers.spec import parse
from descent.optimizers.step import find
from descent.parity import catalog
from descent.parity.contender import Contender
from descent.parity.facts import describe
from descent.parity.fit import fits
from descent.parity.paths import Setup, rounding
from descent.parity.trials import worst
from descent.parity.verdict import DIFFERENT

#: A known mistake explains a difference if it leaves less than this share of it.
_LEFT = 1e-9

#: Mistakes whose size is worth knowing.
_WITH_A_NUMBER = {
    *("learning_rate_off", "momentum_off", "scaled_gradient"),
    *("unasked_coupled_decay", "unasked_decoupled_decay"),
}

#: How many mistakes are named, where they take the same steps.
_AT_MOST = 2

#: Iterations of the setup, unless a difference begins later.
_ITERATIONS = 60

#: Where gradients are usually clipped.
_LIMITS = (1.0, 0.5, 5.0, 10.0, 2.0, 0.1, 0.25, 0.01)

#: Included rules that are special cases of torch's SGD.
_OF_SGD = ("sgd_momentum", "sgd", "dampened_momentum", "nesterov")

#: What is plain from the trial alone.
_TELLING = {
    "NaN gradients": "gradients that are NaN count as 0, or as some other number, or no step is "
    "taken",
    "infinite gradients": "infinite gradients are replaced or clipped, or no step is taken",
    "40 parameters": "some of many parameters are left out, or mixed up",
    "a single parameter": "what is done depends on the number of parameters",
    "a 3-D parameter": "a parameter with three dimensions is treated differently",
    "two groups of parameters with different hyperparameters": "the groups of parameters are not "
    "treated apart: a hyperparameter, or what is remembered, is taken from another group",
    "matrices that are transposed, so not contiguous": "a tensor that is not contiguous is treated "
    "differently: reshape and flatten copy it",
    "a scalar parameter": "a parameter without dimensions is treated differently, or two of one "
    "shape are mixed up",
    "a 4-D parameter": "a parameter with four dimensions is treated differently",
    "parameters without a gradient": "where a gradient is None, that parameter or others are "
    "treated differently",
}
_NOT_FINITE = "a parameter becomes infinite or NaN; is a divisor 0, or a sign wrong?"
_NOTHING_MOVES = "tiny gradients count as 0: nothing moves"
_GENERATED = "with generated gradients, "
#: Parameters that differ by this much in training do not differ by rounding to float32.
_FAR = 1e-3
_SAME_MEMORY = (
    "p.grad itself is kept, where a copy is needed: its memory is used again for the next gradient"
)


def find_hints(ours, theirs, *, table=None, outcomes=()):
    """Describe what a rule that differs from its reference looks like.

    Parameters
    ----------
    ours, theirs : descent.parity.contender.Contender
        The rule and its reference.
    table : pandas.DataFrame, optional
        The verdicts on training, if it differs there; see `descent.parity.verdict.parity`.
    outcomes : list of descent.parity.trials.Outcome
        Otherwise the trials so far; the one that is different, or else the first that is the same
        only at constant hyperparameters, is looked into.

    Returns
    -------
    list of str
    """
    if table is not None:
        return _of_training(ours, theirs, table)
    outcome = worst(outcomes)
    if outcome.trial.startswith("gradients in the same memory"):
        return [_SAME_MEMORY]
    again = outcome.arguments
    if outcome.trial in _TELLING:
        hints = _of_one_group(again) if again.ours.groups else []
        return hints or [_TELLING[outcome.trial]]
    setup = Setup(again.shapes, again.kind, again.changes)
    if outcome.trial == "ordinary gradients":
        return _look_into(again.ours, again.theirs, setup, _GENERATED)
    return [f"with {outcome.trial}, {text}" for text in _look_into(again.ours, again.theirs, setup)]


def _of_one_group(again):
    """Look into what a hyperparameter of the second group does where there is only one group."""
    setup = Setup(again.shapes, again.kind, again.changes)
    for name, value in again.ours.groups[1].items():
        sides = [
            replace(side, groups=()).changed({name: side.groups[1][name]})
            for side in (again.ours, again.theirs)
        ]
        if hints := _look_into(*sides, setup):
            shown = f"{value:.3g}" if isinstance(value, float) else value
            return [f"with {name}={shown}, {hint}" for hint in hints]
    return []


def _of_training(ours, theirs, table):
    begins = int(table["different_iteration"].min())
    if (table["different_run"] == 2).any() and (table["different_iteration"] == 1).any():
        return [
            "the second run in the same process differs: something is kept outside `state`, such "
            "as a global variable"
        ]
    setup = Setup.ordinary(theirs, max(_ITERATIONS, begins + 10))
    if table["largest_difference"].max() == float("inf"):
        return [*_name(ours, theirs, setup), _NOT_FINITE][:1]
    verdicts = table.set_index("dtype")["verdict"]
    if verdicts["float64"] != DIFFERENT:
        facts = _look_into(ours, theirs, setup.in_float32(), _GENERATED)
        return [
            "only float32 differs: something loses more digits than rounding can explain",
            *facts,
        ]
    far = table.set_index("dtype")["largest_difference"]["float64"] > _FAR
    return _look_into(ours, theirs, setup, _GENERATED, far=far)


def _look_into(ours, theirs, setup, where="", *, far=False):
    """Name the mistake; describe the steps, and where they are, if there is none that is known."""
    named = _name(ours, theirs, setup)
    if named:
        return named
    facts = describe(setup, setup.follow(ours), setup.follow(theirs), far=far)
    return [f"{where}{fact}" for fact in facts]


def _name(ours, theirs, setup):
    """Name the mistake, as a list of one hint; empty if there is none that is known."""
    path, right = setup.follow(ours), setup.follow(theirs)
    if not path.isfinite().all() or not right.isfinite().all():
        return []
    away = (path - right).abs().amax(1).cummax(0).values
    if not (away > rounding(right)).any():
        return []
    moved = (path - setup.start()).abs().amax(1).cummax(0).values
    if not moved.any():
        return [_NOTHING_MOVES] if setup.kind == "tiny" else []
    limit = torch.maximum(_LEFT * torch.minimum(away, moved), rounding(path))
    for candidates in (_other_settings, _mistakes, _other_rules, _clipped):
        found = [
            (words, candidate)
            for words, candidate in candidates(theirs, setup, right)
            if setup.stays(candidate, path, limit)
        ]
        found = _told_apart(found, ours, setup)[:_AT_MOST]
        if found:
            [first, *others] = [words for words, _ in found]
            hint = _the_same(first, *(words.removeprefix(_prefix(theirs)) for words in others))
            with_a_number = any(candidate.name in _WITH_A_NUMBER for _, candidate in found)
            numbers = fits(theirs, setup, path, limit) if with_a_number else []
            return [hint + f" ({numbers[0]})" if numbers else hint]
    found = fits(theirs, setup, path, torch.maximum(1e3 * limit, rounding(path)))
    return [_the_same(*found)] if found else []


def _told_apart(found, ours, setup):
    """Leave out mistakes that take other steps than the rule where eps is large."""
    if len(found) < 2 or not isinstance(ours.values.get("eps"), float):
        return found
    larger = {"eps": 0.1}
    try:
        path = setup.follow(ours.changed(larger))
    except Exception:  # the rule refuses it
        return found
    same = [pair for pair in found if setup.stays(pair[1].changed(larger), path, rounding(path))]
    return same or found


def _the_same(*hints):
    """Join hints that describe the same steps."""
    return "; or, with the same effect in this trial: ".join(hints)


def _prefix(theirs):
    """Return what all known mistakes begin with."""
    return f"this looks like {theirs.name} with a mistake: "


def _other_settings(theirs, setup, right):
    """Yield the reference with an option turned, or a pair of numbers in the opposite order."""
    for name, value in theirs.values.items():
        if isinstance(value, bool):
            words = f"this is the reference with {name}={not value}"
            if name == "maximize" and not value:
                words += ": it goes uphill: the sign of the gradient is wrong"
            yield words, theirs.changed({name: not value})
        elif isinstance(value, tuple | list) and len(set(value)) > 1:
            words = f"this is the reference with its {name} in the opposite order"
            yield words, theirs.changed({name: value[::-1]})


def _mistakes(theirs, setup, right):
    """Yield the known mistakes in the reference's rule."""
    for rule in _included(theirs, setup, right):
        mutants = catalog.of(rule.rule.__name__)
        if any(setup.changes):
            mutants = sorted(mutants, key=lambda mutant: not mutant.changing)
        for mutant in mutants:
            words = f"{_prefix(theirs)}{mutant.says}"
            yield words, replace(rule, name=mutant.name, rule=catalog.make(mutant))


def _other_rules(theirs, setup, right):
    """Yield the included rules."""
    for name in catalog.RULES:
        yield f"this takes the steps of another rule, scratch.{name}", _included_rule(name, theirs)


def _included(theirs, setup, right):
    """Return the included rule that takes the steps of the reference, or none, as a list."""
    name = parse(theirs.name).name
    names = _OF_SGD if name == "SGD" else {name.lower()} & set(catalog.RULES)
    rules = [_included_rule(each, theirs) for each in names]
    return [rule for rule in rules if setup.stays(rule, right, rounding(right))][:1]


def _included_rule(name, theirs):
    """Load an included rule, with those hyperparameters of the reference that it takes."""
    rule = find(f"scratch.{name}")[0]
    taken = inspect.signature(rule).parameters
    settings = {key: value for key, value in theirs.values.items() if key in taken}
    return Contender(f"scratch.{name}", settings, rule, clip=theirs.clip)


def _clipped(theirs, setup, right):
    """Yield the reference with gradients that are clipped, or clipped in another way."""
    without = partial(clip_norm, epsilon=0)
    if theirs.clip:
        for limit in filter(None, [theirs.training.get("gradient_clipping", {}).get("norm")]):
            words = (
                "the gradients are clipped without the 1e-6 that torch.nn.utils.clip_grad_norm_ "
                "adds to their norm"
            )
            yield words, replace(theirs, clip=partial(without, limit=limit))
        return
    for limit in _LIMITS:
        for kind, clip in (*KINDS.items(), ("norm", without)):
            words = (
                f"this is the reference with gradients that are clipped at {kind} {limit}; to "
                "compare the two, clip the reference's as well, with --set-reference "
                f"'gradient_clipping={{{kind}: {limit}}}'"
            )
            yield words, replace(theirs, clip=partial(clip, limit=limit))
