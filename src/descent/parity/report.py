"""The result of a check, and its text."""

import json
from dataclasses import dataclass

import pandas as pd

from descent.parity.verdict import CONSTANT, DIFFERENT, EQUAL, LESS_ACCURATE


@dataclass(frozen=True, repr=False)
class Report:
    """The result of a check.

    Attributes
    ----------
    title : str
        Which rule was compared with which reference, and how.
    against : str
        The reference.
    verdict : str
        See `descent.parity.verdict`; the worst over dtypes and trials.
    passed : bool
        Whether the rule is the same as the reference's.
    table : pandas.DataFrame
        A row for each dtype, as `descent.parity.verdict.parity` returns it: training.
    trials : pandas.DataFrame
        A row for each trial: trial, verdict, dtype, iteration and tensor where a difference begins,
        remark. See `descent.parity.trials`.
    hints : list of str
        What the difference looks like.
    remarks : list of str
        What else is worth knowing.
    not_checked : list of str
        What these settings did not exercise, and why.
    first_steps : pandas.DataFrame
        The steps with which a difference begins, see `descent.parity.first_steps`; else empty.
    begins : str
        Where the difference begins, in a line with numbers; else empty.
    trace : pandas.DataFrame
        The differences at every iteration, as `descent.parity.replay.replay` returns them.
    """

    title: str
    against: str
    verdict: str
    passed: bool
    table: pd.DataFrame
    trials: pd.DataFrame
    hints: list
    remarks: list
    not_checked: list
    first_steps: pd.DataFrame
    begins: str
    trace: pd.DataFrame

    @property
    def same(self):
        """The trials in which the steps are the same."""
        return self.trials.loc[_is_the_same(self.trials), "trial"].tolist()

    def __bool__(self):
        return self.passed

    def __str__(self):
        lines = [self.title, f"verdict: {self.verdict}"]
        lines += [f"  {_describe(row)}" for row in self.table.itertuples()]
        lines += [f"  {text}" for text in _not_the_same(self.trials)]
        lines += [f"  {self.begins}"] if self.begins else []
        lines += [f"hint: {hint}" for hint in self.hints]
        lines += [f"note: {remark}" for remark in self.remarks]
        if self.same:
            lines.append(f"also the same with: {'; '.join(self.same)}")
        if self.not_checked:
            lines.append(f"not checked: {'; '.join(self.not_checked)}")
        return "\n".join(lines)

    def __repr__(self):
        """Return a line: pytest shows that much where `assert descent.check(...)` fails."""
        about = "; ".join([self.verdict, *filter(None, [self.begins]), *self.hints[:1]])
        return f"<{self.title.partition(':')[0]}: {about}>"

    def to_dict(self):
        """Return everything but the trace, ready for JSON."""
        tables = {
            name: json.loads(getattr(self, name).to_json(orient="records"))
            for name in ("table", "trials", "first_steps")
        }
        names = (
            "title",
            "against",
            "verdict",
            "passed",
            "begins",
            "hints",
            "remarks",
            "not_checked",
        )
        return {name: getattr(self, name) for name in names} | tables


def _describe(row):
    text = f"{row.dtype}: {row.verdict}"
    if row.verdict == DIFFERENT:
        only = ", in the second run only" if row.different_run == 2 else ""
        return f"{text} from iteration {row.different_iteration} on{only}"
    if row.decided_by == "formula":
        return f"{text}, largest difference {row.share_of_bound:.2g} x the rounding bound"
    if row.decided_by in ("envelope", "wide envelope"):
        return (
            f"{text}, largest difference {row.share_of_tolerance:.2g} x what rounding does to the "
            f"reference itself, and {row.share_of_bound:.2g} x the formula's bound"
        )
    return text


def _is_the_same(table):
    return table["verdict"].notna() & ~table["verdict"].isin([CONSTANT, DIFFERENT, LESS_ACCURATE])


def _not_the_same(table):
    """Describe the trials that are not the same, or else the first one that is not identical."""
    apart = table[table["verdict"].notna() & ~_is_the_same(table)]
    if apart.empty:
        apart = table[table["verdict"] == EQUAL][:1]
    for row in apart.itertuples():
        if row.verdict in (DIFFERENT, CONSTANT):  # that it is the same otherwise is said above
            yield f"with {row.trial}: {DIFFERENT} from iteration {row.iteration} on, in {row.dtype}"
        else:
            yield f"with {row.trial}: {row.verdict}"
