"""What a shadow says; test_shadow.py has what it finds."""

import math

import pytest
import torch

from descent.parity.shadow_report import NOTHING, ShadowReport, describe, largest_difference
from descent.parity.verdict import CONSTANT, DIFFERENT, EQUAL, IDENTICAL, LESS_ACCURATE

FOUND = {
    "step": 2,
    "since": 2,
    "tensor": "W0",
    "index": (3, 5),
    "yours": -0.0012,
    "reference": -0.00228,
    "ratio": 0.5263157,
    "share": 300.0,
    "agreed": 1,
}


def make(verdict, **changes):
    nothing = {"share": 0.0, "step": 0, "tensor": ""}
    values = {"against": "me", "verdict": verdict, "steps": 7, "compared": 7, "remarks": []}
    return ShadowReport(**values | {"first_difference": None, "largest": nothing} | changes)


@pytest.mark.parametrize("verdict", [IDENTICAL, EQUAL, LESS_ACCURATE, DIFFERENT, NOTHING])
def test_what_passes(verdict):
    report = make(verdict)
    assert report.passed is bool(report) is (verdict not in (DIFFERENT, NOTHING))
    assert f"\nverdict: {verdict}" in str(report)
    assert verdict != CONSTANT  # a shadow sees hyperparameters change, and does not ask for it


def test_the_text():
    largest = {"share": 412.3, "step": 5, "tensor": "b1"}
    report = make(
        DIFFERENT, compared=4, first_difference=FOUND, largest=largest, remarks=["this", "that"]
    )
    assert str(report).splitlines() == [
        "your steps against me: 7 steps, 4 of them compared",
        "verdict: different",
        f"  {describe(FOUND)}",
        "  largest difference 4.1e+02 x what rounding can explain, in step 5, tensor b1",
        "note: this",
        "note: that",
    ]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "step 2, W0[3, 5]: yours -0.0012, reference -0.00228, ratio 0.526; the first step is"),
        ({"since": 1}, "steps 1 to 2, W0[3, 5]: yours"),
        ({"index": ()}, "step 2, W0: yours"),
        ({"yours": -0.00228001}, "yours -0.00228001, reference -0.00228, ratio 0.526"),
        ({"ratio": 1.0000021}, "ratio 1.000002;"),
        ({"ratio": None, "reference": 0.0}, "yours -0.0012, reference 0; the first step is right"),
        ({"yours": math.nan}, "yours nan, reference -0.00228"),
        ({"agreed": 0}, "; that is the first comparison"),
        ({"step": 3, "agreed": 2}, "; the first 2 steps are right"),
        ({"step": 31, "since": 22, "agreed": 3}, "; 3 comparisons before agree"),
    ],
)
def test_a_difference_in_words(changes, text):
    assert text in describe(FOUND | changes)


def test_the_largest_difference():
    start = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    found = largest_difference(start + 1, start + torch.tensor([[1.0, 4.0], [1.0, 0.0]]), start)
    assert found == {"index": (0, 1), "yours": 1, "reference": 4, "ratio": 0.25}
    found = largest_difference(torch.tensor(1.0), torch.tensor(0.0), torch.tensor(0.0))
    assert found == {"index": (), "yours": 1, "reference": 0, "ratio": None}
