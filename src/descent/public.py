"""The public form of a check: its report can also draw itself, which needs `reporting`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from descent.parity import ITERATIONS
from descent.parity import check as checking
from descent.parity.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class CheckReport(Report):
    """What `descent.check` found.

    Examples
    --------
    >>> import descent
    >>> report = descent.check("scratch.sgd", "torch.optim.SGD", {"lr": 0.1}, iterations=20)
    >>> isinstance(report, descent.CheckReport)
    True
    >>> report.figure().savefig("difference.png")
    """

    def figure(self) -> Figure:
        """Draw the difference from the reference at every iteration, with the rounding bound."""
        from descent.reporting.figures.parity import parity

        return parity(self.trace, reference=self.against, n_seeds=len(checking.SEEDS))


def check(
    rule: str,
    against: str,
    settings: Mapping[str, Any],
    reference_settings: Mapping[str, Any] | None = None,
    iterations: int = ITERATIONS,
    *,
    constant: bool = False,
) -> CheckReport:
    """Compare an update rule with a reference, step by step, on a small generated problem.

    It is compared in training, on generated gradients, while hyperparameters change, and at others
    than the given ones.

    Parameters
    ----------
    rule, against : str
        `scratch.<rule>`, `torch.optim.<Class>` or `<file>.py:<rule or class>`.
    settings : dict
        Hyperparameters of the rule, and of the reference unless it has its own.
    reference_settings : dict, optional
        Hyperparameters of the reference.
    iterations : int
        How many steps of training to compare.
    constant : bool
        Whether a rule passes that is the same only while hyperparameters stay constant.

    Returns
    -------
    CheckReport
        `passed`, `verdict`, `table`, `trials`, `hints`, `remarks`, `not_checked`, `trace` and
        `figure()`; its text is what the command prints.

    Raises
    ------
    DescentError
        If the rule is wrong in a way that shows without a reference, or the reference fails.

    Examples
    --------
    >>> import descent
    >>> report = descent.check("scratch.sgd", "torch.optim.SGD", {"lr": 0.1}, iterations=20)
    >>> report.passed, report.verdict
    (True, 'identical')
    """
    report = checking.check(
        rule, against, settings, reference_settings, iterations, constant=constant
    )
    return CheckReport(**{field.name: getattr(report, field.name) for field in fields(report)})
