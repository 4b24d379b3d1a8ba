"""The first wrong steps in numbers: they are those that the user's own loop would show."""

import math

import pandas as pd
import pytest
import torch

import descent
from comparing import sides
from descent.parity.first_steps import COLUMNS, as_different, describe, first_steps
from descent.parity.gradients import Generated

SHAPES = {"W0": (3, 2), "b0": (2,)}


def rule(change):
    """Make plain steps, changed in iteration t and tensor i."""

    def step(parameters, gradients, state, *, lr):
        t = state["t"] = state.get("t", 0) + 1
        for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            p.sub_(lr * g * change(t, i))

    return step


def found(change, begins, iterations=10, kind="ordinary"):
    source = Generated(SHAPES, kind, iterations)
    makers = [side.make for side in sides(rule(change), "torch.optim.SGD", lr=0.5)]
    return first_steps(source, *makers, [{}] * iterations, begins, "float64")


def test_the_numbers_are_the_steps_themselves():
    steps = found(lambda t, i: 0.25 if t >= 3 else 1, 3)
    source = Generated(SHAPES, "ordinary", 10)
    gradients = [source.gradients(None) for _ in range(10)]
    assert steps.columns.tolist() == COLUMNS
    assert steps["iteration"].tolist() == [1, 2, 3, 4, 5]
    [index] = set(steps["index"])
    for row in steps.itertuples():
        expected = -0.5 * gradients[row.iteration - 1][0][0][index].item()
        assert row.reference == pytest.approx(expected)
        assert row.ratio == pytest.approx(0.25 if row.iteration >= 3 else 1)
    [largest] = torch.nonzero(gradients[2][0][0].abs() == gradients[2][0][0].abs().max())
    assert tuple(largest.tolist()) == index


def test_the_first_tensor_in_order_is_shown_where_both_differ():
    assert set(found(lambda t, i: 1.1, 1)["tensor"]) == {"W0"}
    assert set(found(lambda t, i: 1.1 if i else 1, 1)["tensor"]) == {"b0"}


def test_a_step_to_nan_is_shown():
    steps = found(lambda t, i: math.nan if t == 2 else 1, 2)
    assert steps.set_index("iteration")["yours"].isna().tolist()[:2] == [False, True]


def table(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            (1, "W0", (3, 5), -0.0012, -0.00228, 0.5263),
            "iteration 1, W0[3, 5]: your step is -0.0012, the reference's -0.00228, ratio 0.526",
        ),
        (
            (2, "b0", (3,), 1.0, 0.0, math.nan),
            "iteration 2, b0[3]: your step is 1, the reference's 0; the first step is right",
        ),
        (
            (7, "scalar", (), 1.0, 1.0000001, 1.0),
            "iteration 7, scalar: your step is 1, the reference's 1.0000001; the first 6 steps are "
            "right",
        ),
    ],
)
def test_in_words(row, said):
    assert describe(table(row), row[0]).replace("1.000000100", "1.0000001") == said


def test_numbers_are_written_with_the_digits_that_tell_them_apart():
    assert as_different(0.1, 0.2) == ("0.1", "0.2")
    assert as_different(1.23456, 1.23457) == ("1.23456", "1.23457")
    assert as_different(0.1 + 0.2, 0.3) == ("0.3", "0.3")
    assert as_different(1.0, math.nan)[1] == "nan"


def test_a_report_has_them_and_a_right_rule_has_none():
    wrong = descent.check(
        rule(lambda t, i: 1 if t < 4 else 2), "torch.optim.SGD", lr=0.1, iterations=8
    )
    assert "iteration 4, W0[" in str(wrong) and "the first 3 steps are right" in str(wrong)
    assert wrong.first_steps["iteration"].tolist() == [2, 3, 4, 5, 6]
    assert not wrong and not wrong.passed
