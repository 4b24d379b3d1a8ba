"""The public form of a check: its report can also draw and show itself, with `reporting`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from descent.parity import ITERATIONS
from descent.parity import check as checking
from descent.parity.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch.optim import Optimizer


@dataclass(frozen=True, repr=False)
class CheckReport(Report):
    """What `descent.check` found. Notebooks show it as a page.

    It is true if the rule passed, and its text is what the command prints.

    Attributes
    ----------
    title : str
        Which rule was compared with which reference, and how.
    against : str
        The reference.
    verdict : str
        Such as `identical` or `different`; the worst over dtypes and trials.
    passed : bool
        Whether the rule is the same as the reference's.
    table : pandas.DataFrame
        Training: a row for each dtype.
    trials : pandas.DataFrame
        A row for each trial: trial, verdict, dtype, iteration and tensor where a difference begins,
        remark.
    hints : list of str
        What the difference looks like.
    remarks : list of str
        What else is worth knowing.
    not_checked : list of str
        What these settings did not exercise, and why.
    first_steps : pandas.DataFrame
        The steps with which a difference begins: iteration, tensor, index, yours, reference, ratio;
        else empty.
    begins : str
        Where the difference begins, in a line with numbers; else empty.
    trace : pandas.DataFrame
        The differences at every iteration.

    Examples
    --------
    >>> import descent
    >>> report = descent.check("scratch.sgd", "torch.optim.SGD", lr=0.1, iterations=20)
    >>> isinstance(report, descent.CheckReport)
    True
    >>> report.figure().savefig("difference.png")
    """

    def figure(self) -> Figure:
        """Draw the difference from the reference at every iteration, with the rounding bound."""
        from descent.reporting.figures.parity import parity

        return parity(self.trace, reference=self.against, n_seeds=len(checking.SEEDS))

    def _repr_html_(self) -> str:
        from descent.reporting.check_page import check_page

        return check_page(self, self.figure())


def check(
    rule: str | Callable[..., Any] | Optimizer,
    against: str | Callable[..., Any] | Optimizer,
    *,
    iterations: int = ITERATIONS,
    constant: bool = False,
    form: str | None = None,
    device: str = "cpu",
    set_rule: Mapping[str, Any] | None = None,
    set_reference: Mapping[str, Any] | None = None,
    **hyperparameters: Any,
) -> CheckReport:
    """Compare an update rule with a reference, step by step, on a small generated problem.

    It is compared in training, on generated gradients, while hyperparameters change, and at others
    than the given ones.

    Parameters
    ----------
    rule, against : str or object
        A function, a class, an instance of `torch.optim.Optimizer` (its hyperparameters are taken)
        or a `functools.partial` of these; or a text as on the command line: `scratch.<rule>`,
        `torch.optim.<Class>` or `<file>.py:<rule or class>`.
    iterations : int
        How many steps of training to compare.
    constant : bool
        Whether a rule passes that is the same only while hyperparameters stay constant.
    form : str, optional
        How the rule is to be called, if that is not to be recognised: `grad-list`, `states`,
        `config`, `class`, `pure`, `factory` or `dict`.
    device : str
        Where both take their steps: `cpu`, `cuda`, or `auto` for a GPU where there is one.
    set_rule, set_reference : dict, optional
        Hyperparameters of one side only.
    **hyperparameters
        Hyperparameters of both, such as `lr=0.01`; and `lr_scheduler`, `gradient_clipping` and
        `groups` as of a variant in a configuration, such as `gradient_clipping={"norm": 1.0}`.

    Returns
    -------
    CheckReport
        True in `assert` if the rule is the same. `passed`, `verdict`, `begins`, `first_steps`,
        `table`, `trials`, `hints`, `remarks`, `not_checked`, `trace` and `figure()`; its text is
        what the command prints.

    Raises
    ------
    DescentError
        If the rule is wrong in a way that shows without a reference, the reference fails, or there
        is no GPU to use.

    Examples
    --------
    >>> import descent, torch
    >>> def sgd(parameters, gradients, state, *, lr):
    ...     for parameter, gradient in zip(parameters, gradients, strict=True):
    ...         parameter.sub_(lr * gradient)
    >>> assert descent.check(sgd, torch.optim.SGD, lr=0.1, iterations=20)
    >>> report = descent.check(sgd, torch.optim.Adam, lr=0.1, iterations=20)
    >>> report.passed, report.verdict
    (False, 'different')
    """
    report = checking.check(
        rule,
        against,
        {**hyperparameters, **(set_rule or {})},
        {**hyperparameters, **(set_reference or {})},
        iterations,
        constant=constant,
        form=form,
        device=device,
    )
    return CheckReport(**{field.name: getattr(report, field.name) for field in fields(report)})
