"""Whether a rule is its reference at another hyperparameter, and at which."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import torch

#: Iterations that a hyperparameter is fitted to; the fit is then checked on the whole path.
_SHORT = 12


def fits(theirs, setup, path, limit):
    """Find the hyperparameter at which the reference takes the steps of a rule.

    Parameters
    ----------
    theirs : descent.parity.contender.Contender
    setup : descent.parity.paths.Setup
    path : torch.Tensor
        The parameters of the rule after every iteration.
    limit : torch.Tensor
        (iterations,), how far the reference may be from them.

    Returns
    -------
    list of str
        Hints: what fits, two at most. With Adam, gradients of a tenth and an eps of ten times are
        the same.
    """
    short = replace(setup, changes=setup.changes[:_SHORT])

    def fitting(families):
        for words, make, starts in families:
            for start in starts:
                value = _fit(lambda v, make=make: short.follow(make(v)), path[:_SHORT], start)
                if value is not None and setup.stays(make(value), path, limit):
                    yield words(value)
                    break

    for families in (_rate, _numbers, _decays):
        found = list(itertools.islice(fitting(families(theirs)), 2))
        if found:
            return found
    return []


def _rate(theirs):
    """Yield words for a ratio of learning rates, the reference at that rate, where to start."""
    if isinstance(theirs.values.get("lr"), float | int) and theirs.values["lr"]:
        lr = theirs.values["lr"]
        yield (
            lambda ratio: (
                f"the learning rate, or every step, is {as_ratio(ratio)} the reference's"
                f"{_in_float32(ratio * lr, lr)}"
            ),
            lambda ratio: theirs.changed({"lr": ratio * lr}),
            [1.0],
        )


def _numbers(theirs):
    """Yield the other hyperparameters, and the size of the gradients, in the same way."""
    for name, value in theirs.values.items():
        if name == "lr":
            continue
        if isinstance(value, tuple | list):
            for index, item in enumerate(value):
                yield from _of_number(theirs, name, value, index, item)
        else:
            yield from _of_number(theirs, name, value, None, value)
    yield (
        lambda power: f"the gradients are {as_ratio(math.exp(power))} the reference's",
        lambda power: _with_gradients(theirs, math.exp(power)),
        [0.0],
    )


def _decays(theirs):
    """Yield weight decays that are not among the hyperparameters, in the same way."""
    if not theirs.values.get("weight_decay"):
        yield (
            lambda rate: f"a weight decay of {rate:.6g} is added to the gradients",
            lambda rate: _with_decay(theirs, rate),
            [0.0],
        )
    yield (
        lambda rate: (
            "the weights shrink by the factor "
            f"1 - {rate:.6g} in every iteration, apart from the reference's step"
        ),
        lambda rate: _shrinking(theirs, rate),
        [0.0],
    )


def _of_number(theirs, name, value, index, item):
    if isinstance(item, bool) or not isinstance(item, int | float):
        return
    whole = name if index is None else f"{name}[{index}]"

    def make(number):
        if index is None:
            return theirs.changed({name: number})
        return theirs.changed({name: (*value[:index], number, *value[index + 1 :])})

    def words(number):
        return (
            f"this is the reference with {whole} = {apart(number, item)}, not {item:g}"
            f"{_in_float32(number, item)}"
        )

    starts = [item, 0.0] if item else [0.0, 0.1]
    yield words, make, [item * (1 + 1e-3) if item else 1e-4, *starts]


def _in_float32(number, item):
    """Say that a number is what a given one becomes in float32, if it is."""
    rounded = torch.tensor(item, dtype=torch.float32).item()
    if rounded != item and abs(number - rounded) < abs(rounded - item) / 100:
        return f", which is {item:g} in float32: is it in a tensor, as in torch.tensor({item:g})?"
    return ""


def _fit(follow, path, start):
    """Fit one number by Gauss-Newton; None if that fails."""
    value = start
    try:
        left = follow(value) - path
        for _ in range(25):
            width = 1e-4 * abs(value) or 1e-6
            slope = (follow(value + width) - path - left) / width
            size = (slope * slope).sum()
            if not (math.isfinite(size) and size > 0):
                return None
            step = -(slope * left).sum() / size
            value = value + float(step)
            left = follow(value) - path
            if not math.isfinite(value) or abs(step) <= 1e-12 * abs(value):
                break
    except Exception:  # the reference refuses the value
        return None
    return value if math.isfinite(value) else None


def _wrapped(theirs, before):
    """Return the reference with something done before each of its steps."""

    class _Step:
        def __init__(self, parameters):
            self._own, self._parameters = theirs.make(parameters), parameters

        def __call__(self, gradients, **changed):
            with torch.no_grad():
                gradients = before([p.detach() for p in self._parameters], gradients)
            self._own(gradients, **changed)

        def hyperparameters(self):
            return self._own.hyperparameters()

    return _Made(_Step, theirs.device)


class _Made:
    def __init__(self, make, device):
        self.make, self.device = make, device


def _with_gradients(theirs, ratio):
    return _wrapped(theirs, lambda parameters, gradients: [ratio * g for g in gradients])


def _with_decay(theirs, rate):
    return _wrapped(
        theirs,
        lambda parameters, gradients: [
            g + rate * p for p, g in zip(parameters, gradients, strict=True)
        ],
    )


def _shrinking(theirs, rate):
    def before(parameters, gradients):
        for parameter in parameters:
            parameter.mul_(1 - rate)
        return gradients

    return _wrapped(theirs, before)


def as_ratio(ratio, tolerance=1e-6):
    """Write a ratio in words that go before what it refers to: "1/128 of", "2.5 times"."""
    fraction = Fraction(ratio).limit_denominator(100_000) if math.isfinite(ratio) else None
    unit = fraction and abs(fraction.numerator) == 1 and fraction.denominator > 1
    if unit and abs(float(fraction) / ratio - 1) < tolerance:
        return f"{fraction} of"
    return f"{apart(ratio, 1)} times"


def apart(number, other):
    """Write a number with as many digits as it takes to tell it from another one."""
    digits = 6
    while digits < 17 and float(f"{number:.{digits}g}") == other:
        digits += 1
    return f"{number:.{digits}g}"
