"""Trials: what a rule is compared under, besides training at the given hyperparameters.

A rule that is right in training on ordinary gradients, at hyperparameters that stay as they are,
may still be wrong. Each trial is a short replay of generated gradients.
"""

import itertools
from dataclasses import dataclass, field, replace

import pandas as pd
import torch

from descent.errors import RuleError
from descent.parity.contender import Contender, times
from descent.parity.gradients import (
    CONVOLUTION,
    MANY,
    MATRICES,
    NETWORK,
    SCALAR,
    SINGLE,
    THREE_D,
    TWINS,
    Generated,
)
from descent.parity.paths import Setup, refused
from descent.parity.replay import compare
from descent.parity.variations import SCHEDULED, can_be_halved, variations
from descent.parity.verdict import CONSTANT, DIFFERENT, IDENTICAL, VERDICTS, judge, overall

ITERATIONS = 40
_LONGER = 60  # a step size of Rprop reaches its limit, and zeros come and go

#: Kinds of gradients, in the order of the report.
_KINDS = {
    "ordinary gradients": ("ordinary", _LONGER),
    "large gradients": ("large", ITERATIONS),
    "tiny gradients": ("tiny", ITERATIONS),
    "sparse gradients": ("sparse", ITERATIONS),
    "gradients that are 0": ("zero", _LONGER),
    "gradients of one sign": ("one-signed", _LONGER),
    "gradients of alternating sign": ("alternating", ITERATIONS),
    "heavy-tailed gradients": ("heavy-tailed", ITERATIONS),
}


@dataclass(frozen=True)
class Arguments:
    """What a trial was run with, see `run`; its changed hyperparameters are those of the sides."""

    ours: Contender
    theirs: Contender
    shapes: dict
    kind: str
    changes: list
    reuse: bool = False

    def source(self):
        """Return the gradients from the start."""
        return Generated(self.shapes, self.kind, len(self.changes), self.reuse, self.theirs.device)


@dataclass(frozen=True)
class Outcome:
    """What a trial found.

    Attributes
    ----------
    trial : str
        What was tried, in words that follow "with".
    verdict : str or None
        See `descent.parity.verdict`; None if nothing could be compared.
    place : dict
        Where a difference begins: dtype, iteration, tensor.
    remark : str
        Why nothing could be compared, or what else is worth knowing.
    arguments : Arguments or None
        How to run the trial again.
    """

    trial: str
    verdict: str | None
    place: dict = field(default_factory=dict)
    remark: str = ""
    arguments: Arguments | None = None


def try_everything(ours, theirs):
    """Run the trials, until one shows a difference at constant hyperparameters.

    Parameters
    ----------
    ours, theirs : descent.parity.contender.Contender
        The rule and its reference.

    Yields
    ------
    Outcome
    """
    shapes = MATRICES if refused(theirs, NETWORK) else NETWORK
    for what, (kind, iterations) in _KINDS.items():
        yield run(what, ours, theirs, shapes, kind, [{}] * iterations)
    for what, kind in (("NaN", "NaN"), ("infinite", "infinite")):
        yield _not_finite(what, kind, ours, theirs, shapes)
    yield run("40 parameters", ours, theirs, MANY, "ordinary", [{}] * 10)
    yield _unless_refused("a single parameter", ours, theirs, SINGLE)
    pair = [replace(side, transposed=True) for side in (ours, theirs)]
    yield _unless_refused("matrices that are transposed, so not contiguous", *pair, shapes)
    if shapes is NETWORK:
        yield from _other_shapes(ours, theirs)
    if ours.is_class:
        yield from _real_loop(ours, theirs, shapes)
    at_any_rate = True
    for name in SCHEDULED:
        if can_be_halved(name, ours, theirs):
            outcome = _changing(
                f"{name} changed half-way", ours, theirs, shapes, "ordinary", _half_way(name)
            )
            at_any_rate &= name != "lr" or outcome.verdict != CONSTANT
            yield outcome
    if at_any_rate and can_be_halved("lr", ours, theirs):
        yield _rate_of_0(ours, theirs, shapes)
    off = {"weight_decay": 0.1} if theirs.values.get("weight_decay") == 0 else {}
    ignored = off and off.keys() <= ours.values.keys()
    ignored = ignored and _take_the_same_steps(ours, ours.changed(off), shapes)
    for what, settings in variations(ours, theirs, tuple(off) if ignored else ()):
        yield vary(what, settings, ours, theirs, shapes, at_any_rate)


def _half_way(name):
    """Make a schedule that changes a hyperparameter in every iteration of the second half."""
    factors = itertools.cycle([0.5, 0.3, 1.4, 0.7, 1.1, 0.2] if name == "lr" else [0.5, 0.3, 0.8])
    return [{name: next(factors)} if 2 * done >= ITERATIONS else {} for done in range(ITERATIONS)]


def _at_constant(outcome):
    """Turn a difference that appears only when hyperparameters change into its own verdict."""
    if outcome.verdict == DIFFERENT and outcome.place["iteration"] > ITERATIONS // 2:
        return replace(outcome, verdict=CONSTANT)
    return outcome


def vary(what, settings, ours, theirs, shapes, halve_lr):
    """Compare at other hyperparameters; what a schedule may change, changes half-way."""
    option, *_ = settings[1]
    usual = theirs.changed({name: value for name, value in settings[1].items() if name != option})
    without = ours.changed({name: value for name, value in settings[0].items() if name != option})
    is_off = _switches_on(theirs.values[option], settings[1][option])
    ours, theirs = (
        side.changed(other) for side, other in zip((ours, theirs), settings, strict=True)
    )
    if refusal := _refusal(what, ours, theirs, shapes, changes=[{}] * ITERATIONS):
        return refusal
    if is_off and _take_the_same_steps(ours, without, shapes):
        return Outcome(what, None, remark=f"the rule takes {option} and ignores it")
    scheduled = {"lr", option} if halve_lr else {option} - {"lr"}
    changes = [{} for _ in range(ITERATIONS)]
    for name in scheduled & set(SCHEDULED):
        if can_be_halved(name, ours, theirs):
            for change, more in zip(changes, _half_way(name), strict=True):
                change.update(more)
    kind = "mixed"
    if ours.is_class and not any(refused(side, shapes, "missing") for side in (ours, theirs)):
        kind = "mixed, missing"
    if option != "lr" and _take_the_same_steps(theirs, usual, shapes, kind):
        return Outcome(what, None, remark="it makes no difference to the reference's steps here")
    return _changing(what, ours, theirs, shapes, kind, changes, reuse=ours.is_class)


def _switches_on(before, after):
    """Tell whether a hyperparameter, or an item of a pair, was 0, False or None before."""
    pairs = (
        zip(before, after, strict=True) if isinstance(before, tuple | list) else [(before, after)]
    )
    return all(not old for old, new in pairs if old != new)


def run(what, ours, theirs, shapes, kind, changes, reuse=False):
    """Compare a rule with its reference on generated gradients.

    Parameters
    ----------
    what : str
        Name of the trial.
    ours, theirs : descent.parity.contender.Contender
    shapes : dict
        Maps the names of the parameters to their shapes.
    kind : str
        Of the gradients, see `descent.parity.gradients`.
    changes : list of dict
        For each iteration, the factors of hyperparameters that change; its length is the number of
        iterations.
    reuse : bool
        Whether the gradients are always in the same memory.

    Returns
    -------
    Outcome
    """
    arguments = Arguments(ours, theirs, shapes, kind, changes, reuse)
    try:
        trace = compare(
            arguments.source,
            {"reference": theirs.make, "rule": ours.make},
            "reference",
            changes,
            [0],
            runs=(1,),
        )
    except RuleError as error:
        raise RuleError(f"{error} (with {what})") from None
    if trace.empty:
        return Outcome(what, None, remark="the reference is no longer finite")
    verdicts = judge(trace)
    worst = overall(verdicts["verdict"])
    [*rows] = verdicts[verdicts["verdict"] == worst].to_dict("records")
    row = rows[-1]  # float64 rather than float32
    place = {"dtype": row["dtype"]} if worst != IDENTICAL else {}
    if worst == DIFFERENT:
        place |= {"iteration": row["different_iteration"], "tensor": row["different_tensor"]}
    return Outcome(what, worst, place, arguments=arguments)


def _take_the_same_steps(one, other, shapes, kind="ordinary"):
    """Tell whether two optimizers leave the same bits."""
    setup = Setup(shapes, kind, [{}] * ITERATIONS)
    return all(map(torch.equal, setup.walk(one), setup.walk(other)))  # ends where they part


def _unless_refused(what, ours, theirs, shapes, kind="ordinary"):
    """Run a trial that a right rule, or its reference, may refuse."""
    refusal = _refusal(what, ours, theirs, shapes, kind)
    return refusal or run(what, ours, theirs, shapes, kind, [{}] * ITERATIONS)


def _changing(what, ours, theirs, shapes, kind, changes, reuse=False):
    """Run a trial in which hyperparameters change, which one of the two may refuse half-way."""
    try:
        return _at_constant(run(what, ours, theirs, shapes, kind, changes, reuse))
    except Exception as error:  # see `refused`
        refusal = _refusal(what, ours, theirs, shapes, kind, changes)
        return refusal or Outcome(what, None, remark=f"the rule raises {_in_a_line(error)}")


def _refusal(what, ours, theirs, shapes, kind="ordinary", changes=({},) * 3):
    """Return the outcome of a trial that one of the two refuses; None if neither does."""
    if refused(theirs, shapes, kind, changes):
        return Outcome(what, None, remark="the reference refuses this")
    if error := refused(ours, shapes, kind, changes):
        return Outcome(what, None, remark=f"the rule raises {_in_a_line(error)}")
    return None


def _rate_of_0(ours, theirs, shapes):
    """Compare where the learning rate is 0 for a while, as before a warm-up."""
    what = "lr=0 for some iterations"
    changes = [{"lr": float(done % 10 < 7)} for done in range(ITERATIONS)]
    changes = [{}] * (ITERATIONS // 2) + changes[ITERATIONS // 2 :]
    return _changing(what, ours, theirs, shapes, "ordinary", changes)


def _other_shapes(ours, theirs):
    others = {
        "a scalar parameter": SCALAR,
        "a 3-D parameter": THREE_D,
        "a 4-D parameter": CONVOLUTION,
    }
    for what, shapes in others.items():
        outcome = _unless_refused(what, ours, theirs, shapes)
        if shapes is not SCALAR and outcome.verdict == DIFFERENT and _depends_on_shape(theirs):
            yield Outcome(
                what,
                None,
                remark="the two differ; the reference itself treats such a tensor not like the "
                "same numbers in a vector, so this is a convention",
            )
        else:
            yield outcome


def _in_a_line(error):
    kind = "KeyError: " if isinstance(error, KeyError) else ""  # its message is only the key
    return kind + " ".join(str(error).split())


def _depends_on_shape(side):
    """Tell whether an optimizer treats a tensor as more than its single numbers."""
    as_it_is, flat = (
        Setup({"convolution": shape}, "ordinary", [{}] * 3).follow(side)
        for shape in ((3, 2, 2, 2), (1, 24))
    )
    return not torch.allclose(as_it_is, flat, rtol=1e-9)


def _real_loop(ours, theirs, shapes):
    """Try what a class meets in a training loop: memory that is reused, and missing gradients."""
    what = "gradients in the same memory each time, as after zero_grad(set_to_none=False)"
    yield run(what, ours, theirs, shapes, "ordinary", [{}] * ITERATIONS, reuse=True)
    if theirs.is_class and can_be_halved("lr", ours, theirs):
        groups = [
            replace(side, groups=({}, _second(side, ours, theirs))) for side in (ours, theirs)
        ]
        what = "two groups of parameters with different hyperparameters"
        yield _unless_refused(what, *groups, TWINS)
    yield _unless_refused("parameters without a gradient", ours, theirs, shapes, "missing")


def _second(side, ours, theirs):
    """Return the hyperparameters of a second group of parameters."""
    smaller = {"lr": 1 / 3, "momentum": 0.5, "betas": 0.5, "weight_decay": 0.5}
    group = {
        name: times(side.values[name], factor)
        for name, factor in smaller.items()
        if can_be_halved(name, ours, theirs)
    }
    both = ours.scheduled & theirs.scheduled
    if "weight_decay" in both and not side.values["weight_decay"]:
        group["weight_decay"] = 0.1
    # of some, such as Adafactor, eps is a pair
    alike = "eps" in both and all(isinstance(each.values["eps"], float) for each in (ours, theirs))
    return group | ({"eps": 0.01} if alike else {})


def _not_finite(what, kind, ours, theirs, shapes):
    """Compare what becomes of an element whose gradient is not finite, in that iteration.

    What becomes of the other elements, which may share a norm with it, differs between right
    formulations.
    """
    trial = f"{what} gradients"
    arguments = Arguments(ours, theirs, shapes, kind, [{}] * 5)
    setup = Setup(shapes, kind, arguments.changes)
    ends = []
    for whose, side in (("reference", theirs), ("rule", ours)):
        try:
            ends.append(setup.follow(side)[-1])
        except Exception as error:  # see `refused`
            return Outcome(trial, None, remark=f"the {whose} raises {_in_a_line(error)}")
    expected, found = (end.isfinite() for end in ends)
    hit = ~setup.gradients()[-1].isfinite()
    wrong = hit & ~expected & found
    for name, part in setup.parts(wrong).items():
        if part.any():
            place = {"dtype": "float64", "iteration": len(setup.changes), "tensor": name}
            return Outcome(trial, DIFFERENT, place, arguments=arguments)
    if (hit & expected & ~found).any():
        return Outcome(trial, None, remark="the rule becomes infinite or NaN, the reference not")
    return Outcome(trial, IDENTICAL)


def worst(outcomes):
    """Return the outcome with the worst verdict, the first of several."""
    compared = [outcome for outcome in outcomes if outcome.verdict]
    return max(compared, key=lambda outcome: VERDICTS.index(outcome.verdict))


def table(outcomes):
    """Return what was tried as a pandas.DataFrame, a row for each trial.

    Its columns are trial, verdict (missing if nothing could be compared), dtype, iteration and
    tensor, where a difference begins, and remark.
    """
    columns = ["trial", "verdict", "dtype", "iteration", "tensor", "remark"]
    rows = [
        {
            "trial": outcome.trial,
            "verdict": outcome.verdict,
            **outcome.place,
            "remark": outcome.remark,
        }
        for outcome in outcomes
    ]
    return pd.DataFrame(rows, columns=columns).convert_dtypes()
