"""Draw update rules on test functions: the public form, which the command `descent draw` uses."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descent.errors import DescentError, UsageError
from descent.files import replacing
from descent.landscapes.functions import find
from descent.landscapes.trajectories import follow, load
from descent.optimizers.spec import split_training
from descent.parity import check as checking
from descent.parity.regime import check_regime
from descent.parity.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch.optim import Optimizer

#: More steps make a page that browsers are slow with.
MOST_ITERATIONS = 20_000

#: Iterations that an epoch of a schedule has, as in a check.
_PER_EPOCH = checking.TRAINING.iterations_per_epoch(300)


@dataclass(frozen=True, repr=False)
class Drawing:
    """The trajectories that `descent.draw` followed. Notebooks show them as an animation.

    Attributes
    ----------
    title : str
        Whose they are.
    trajectories : dict
        Maps each test function's name to a list: the rule's trajectory, then the reference's. Each
        has `points`, `values`, `lengths` (of its steps) and `end` (why it ends early).
    told : list of tuple of str
        The verdict of `descent.check`, and its hints; empty without a reference.

    Examples
    --------
    >>> import descent
    >>> drawing = descent.draw("scratch.sgd", on="himmelblau", iterations=50, lr=0.01)
    >>> [trajectory] = drawing.trajectories["himmelblau"]
    >>> [round(x, 3) for x in trajectory.points[-1]]
    [3.0, 2.0]
    >>> drawing.figure().savefig("way.png")
    """

    title: str
    trajectories: dict
    told: list

    def figure(self, on: str | None = None) -> Figure:
        """Draw the trajectories on one function, by default the first."""
        from descent.reporting.figures.landscape import landscape

        name = self._name(on)
        return landscape(find(name), self.trajectories[name])

    def page(self, on: str | None = None) -> str:
        """Write the animation on one function, by default the first, as a page in HTML."""
        from descent.reporting.landscapes import landscape_page

        name = self._name(on)
        said = [("", text) for text in self.said(name)] if self.told else []
        told = [*self.told[:1], *said, *self.told[1:]]
        return landscape_page(find(name), self.trajectories[name], title=self.title, told=told)

    def said(self, on: str | None = None) -> list[str]:
        """Say where the trajectories on a function differ first, or where a single one ends."""
        from descent.reporting.figures.landscape import outcome
        from descent.reporting.landscapes import first_difference

        name = self._name(on)
        rule, *reference = self.trajectories[name]
        if reference:
            return [first_difference(rule, *reference)]
        return [f"{rule.label}: {outcome(find(name), rule)}."]

    def save(self, folder: str | Path) -> list[Path]:
        """Write a PNG, an SVG and a page for each function, and return their paths."""
        from descent.reporting.figures.style import save

        rule = re.sub(r"\W+", "_", self.title.partition(" against ")[0].rpartition(":")[2])
        written = []
        for name in self.trajectories:
            stem = Path(folder) / f"landscape_{name}_{rule}"
            files = [stem.with_name(f"{stem.name}.{end}") for end in ("png", "svg", "html")]
            save(self.figure(name), list(map(str, files[:2])))
            with replacing(files[2]) as part:
                part.write_text(self.page(name), encoding="utf-8")
            written += files
        return written

    def _name(self, on):
        if on is not None and on not in self.trajectories:
            raise UsageError(f"{on}: not drawn; this has {', '.join(self.trajectories)}")
        return next(iter(self.trajectories)) if on is None else on

    def __repr__(self):
        return f"<{self.title} on {', '.join(self.trajectories)}>"

    def _repr_html_(self) -> str:
        # a document of its own, so that several of them do not meet
        return "".join(
            f'<iframe title="{html.escape(self.title)} on {name}" '
            'style="width: 100%; height: 56rem; border: 0" '
            f'srcdoc="{html.escape(self.page(name))}"></iframe>'
            for name in self.trajectories
        )


def draw(
    rule: str | Callable[..., Any] | Optimizer,
    against: str | Callable[..., Any] | Optimizer | None = None,
    *,
    on: str | list[str] = "rosenbrock",
    start: tuple[float, float] | None = None,
    iterations: int | None = None,
    form: str | None = None,
    set_rule: Mapping[str, Any] | None = None,
    set_reference: Mapping[str, Any] | None = None,
    **hyperparameters: Any,
) -> Drawing:
    """Follow an update rule, and a reference beside it, over test functions of two variables.

    Parameters
    ----------
    rule, against : str or object
        As for `descent.check`. Without `against`, the rule is drawn alone and not judged.
    on : str or list of str
        Test functions: `quadratic`, `rosenbrock`, `beale`, `saddle`, `rastrigin`, `himmelblau`.
    start : tuple of float, optional
        Where to begin; each function has a start of its own.
    iterations : int, optional
        How many steps to take; each function has a number of its own.
    form : str, optional
        As for `descent.check`.
    set_rule, set_reference : dict, optional
        Hyperparameters of one side only.
    **hyperparameters
        Hyperparameters of both, such as `lr=0.01`; and `lr_scheduler`, whose epochs have 10
        iterations here, and `gradient_clipping`.

    Returns
    -------
    Drawing

    Raises
    ------
    DescentError
        If a rule cannot be loaded or does not take a tensor with two numbers.

    Examples
    --------
    >>> import descent
    >>> drawing = descent.draw("scratch.sgd", "torch.optim.Adam", iterations=20, lr=0.001)
    >>> print(*drawing.said())
    The step of iteration 1 is the first that differs here: that of scratch.sgd is 0.233 long, \
that of torch.optim.Adam 0.00141, a ratio of 165.
    """
    functions = [find(name) for name in ([on] if isinstance(on, str) else dict.fromkeys(on))]
    _check_numbers(start, iterations)
    settings = {**hyperparameters, **(set_rule or {})}
    reference_settings = {**hyperparameters, **(set_reference or {})}
    length = iterations or max(function.iterations for function in functions)
    sides = {}
    for optimizer, given, own_form in (
        (rule, settings, form),
        (against, reference_settings, None),
    ):
        if optimizer is None:
            continue
        given, training = split_training(given)
        side = load(optimizer, given, training, own_form, _PER_EPOCH)
        check_regime(training, side.values, ["point"], length, _PER_EPOCH)
        sides[f"{side.name} (reference)" if side.name in sides else side.name] = side
    names = [side.name for side in sides.values()]
    trajectories = {
        function.name: follow(sides, function, start, iterations) for function in functions
    }
    told = []
    if against is not None:
        told = _judge(rule, against, settings, reference_settings, form)
    return Drawing(" against ".join(names), trajectories, told)


def _check_numbers(start, iterations):
    if start is not None and (len(start) != 2 or not all(map(math.isfinite, start))):
        raise UsageError(f"start: {start}: give two finite numbers, as in (-1.2, 1)")
    if iterations is not None and not 1 <= iterations <= MOST_ITERATIONS:
        raise UsageError(f"iterations: {iterations}: must be from 1 to {MOST_ITERATIONS:,}")


def _judge(rule, against, settings, reference_settings, form):
    """Say what a check finds, or why there is no verdict: drawing goes without."""
    from descent.reporting.landscapes import verdict_of

    try:
        report: Report = checking.check(rule, against, settings, reference_settings, form=form)
    except DescentError as error:
        return [("open", f"descent check gives no verdict: {error}")]
    return verdict_of(report)
