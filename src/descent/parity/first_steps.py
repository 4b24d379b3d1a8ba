"""The steps with which a difference begins, in numbers that can be checked by hand."""

import math

import pandas as pd
import torch

from descent.parity.replay import DTYPES, Network

COLUMNS = ["iteration", "tensor", "index", "yours", "reference", "ratio"]

#: Iterations that are shown before and after the one in which the difference begins.
_BEFORE, _AFTER = 2, 2

#: The difference is shown in the first tensor where it is no less than this share of the largest.
_SHARE = 0.01


def first_steps(source, ours, theirs, changes, begins, dtype):
    """Take the first steps again, and follow the number in which the difference begins.

    Parameters
    ----------
    source : descent.parity.replay.Training, or another source of gradients
        From the start.
    ours, theirs : callable
        Makers of the rule and of its reference, see `descent.parity.replay.replay`.
    changes : list of dict
        For each iteration, the hyperparameters that change.
    begins : int
        Iteration in which the difference begins, from 1.
    dtype : str
        `float32` or `float64`.

    Returns
    -------
    pandas.DataFrame
        A row for each iteration around that one: iteration, tensor, index (a tuple of int), yours
        and reference (the step, parameter after minus parameter before), ratio.
    """
    leader = Network(source.initial, theirs, DTYPES["float32"], reuse=source.reuse)
    pair = [
        Network(source.initial, make, DTYPES[dtype], reuse=source.reuse) for make in (ours, theirs)
    ]
    steps = {}
    for iteration, changed in enumerate(changes[: begins + _AFTER], 1):
        gradients = source.gradients(leader)
        before = [[value.clone() for value in network.values] for network in pair]
        for network in (leader, *pair):
            network.step(gradients, changed)
        steps[iteration] = [
            [(now - old).cpu() for now, old in zip(network.values, values, strict=True)]
            for network, values in zip(pair, before, strict=True)
        ]
        steps.pop(iteration - _BEFORE - _AFTER - 1, None)
        if iteration == begins:
            tensor, place = _largest(*steps[begins])
    name, shown = source.names[tensor], _shown(place, source.names[tensor])
    rows = []
    for iteration, (own, others) in steps.items():
        yours, reference = own[tensor][place].item(), others[tensor][place].item()
        ratio = yours / reference if reference else math.nan
        rows.append((iteration, name, shown, yours, reference, ratio))
    return pd.DataFrame(rows, columns=COLUMNS)


def _largest(ours, theirs):
    """Find the tensor and the element of the largest difference between steps."""
    away = [
        (one - other).abs().nan_to_num(nan=math.inf)
        for one, other in zip(ours, theirs, strict=True)
    ]
    sizes = [other.abs().nan_to_num(nan=math.inf).max().item() for other in theirs]
    largest = [each.max().item() for each in away]
    shares = [
        far / (size or 1.0) if math.isfinite(far) else math.inf
        for far, size in zip(largest, sizes, strict=True)
    ]
    tensor = next(index for index, share in enumerate(shares) if share >= _SHARE * max(shares))
    return tensor, torch.unravel_index(away[tensor].argmax(), away[tensor].shape)


def _shown(place, name):
    """Return the index in the tensor itself, which is stacked; a bias is stacked as a column."""
    own = [int(index) for index in place[1:]]
    return tuple(own[:-1] if name.startswith("b") and len(own) == 2 else own)


def describe(steps, begins):
    """Say in a line where the difference begins.

    Parameters
    ----------
    steps : pandas.DataFrame
        See `first_steps`.
    begins : int

    Returns
    -------
    str
        Such as "iteration 2, W0[3, 5]: your step is -0.0012, the reference's -0.00228, ratio 0.526;
        the first step is right".
    """
    row = steps.set_index("iteration").loc[begins]
    yours, reference = as_different(row["yours"], row["reference"])
    where = place(row["tensor"], row["index"])
    text = f"iteration {begins}, {where}: your step is {yours}, the reference's {reference}"
    if math.isfinite(row["ratio"]) and abs(row["ratio"] - 1) > 1e-4:
        text += f", ratio {row['ratio']:.3g}"
    if begins > 1:
        text += (
            "; the first step is right"
            if begins == 2
            else f"; the first {begins - 1} steps are right"
        )
    return text


def place(tensor, index):
    """Write an element of a tensor, such as W0[3, 5]."""
    return f"{tensor}[{', '.join(map(str, index))}]" if index else tensor


def as_different(one, other):
    """Write two numbers with as many digits as it takes to tell them apart, and two more."""
    digits = 3
    while digits < 17 and float(f"{one:.{digits - 2}g}") == float(f"{other:.{digits - 2}g}"):
        digits += 1
    digits = 6 if digits == 17 else digits  # they are the same but for rounding
    return f"{one:.{digits}g}", f"{other:.{digits}g}"
