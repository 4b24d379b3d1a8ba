"""Hold an update rule against a reference on generated gradients."""

import torch

from descent.parity.contender import Contender
from descent.parity.gradients import NETWORK, Generated
from descent.parity.replay import compare
from descent.parity.verdict import judge


def sides(rule, reference="torch.optim.SGD", **settings):
    """Return a rule, a function or class or name, and its reference, with the same settings."""
    theirs = Contender.load(reference, settings)
    if isinstance(rule, str):
        return Contender.load(rule, settings), theirs
    return Contender(rule.__name__, settings, rule), theirs


def traced(ours, theirs, shapes=NETWORK, kind="ordinary", iterations=40, **options):
    """Compare two contenders; return the trace."""
    changes = options.pop("changes", [{}] * iterations)
    makers = {"reference": theirs.make, "rule": ours.make}

    def begin():
        return kind() if callable(kind) else Generated(shapes, kind, len(changes))

    return compare(begin, makers, "reference", changes, [0], runs=(1,), **options)


def judged(ours, theirs, *arguments, **options):
    """Compare two contenders; return the row of the verdict on each dtype."""
    table = judge(traced(ours, theirs, *arguments, **options))
    return {row["dtype"]: row for row in table.to_dict("records")}


def verdicts(ours, theirs, *arguments, **options):
    """Compare two contenders; return the verdict and what decided it, for each dtype."""
    rows = judged(ours, theirs, *arguments, **options)
    return {dtype: (row["verdict"], row["decided_by"]) for dtype, row in rows.items()}


class Given:
    """A source of given gradients, a list of tensors for each iteration."""

    vanished = reuse = False

    def __init__(self, initial, gradients):
        self.initial = [tensor.double()[None] for tensor in initial]
        self.names = [f"tensor {index}" for index in range(len(initial))]
        self._gradients = iter([[g.double()[None] for g in each] for each in gradients])

    def gradients(self, leader):
        """Return the next gradients, whatever the network that leads."""
        return next(self._gradients)


def draw(*shape, seed=0, dtype=torch.float64):
    """Draw normal numbers, the same on every call."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)
