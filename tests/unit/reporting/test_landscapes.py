"""The page of trajectories: its texts, and what the script gets."""

import json
import re

import pandas as pd
import pytest

from descent.landscapes.functions import FUNCTIONS
from descent.landscapes.trajectories import Trajectory
from descent.reporting.landscapes import first_difference, landscape_page, verdicts_of

SADDLE = FUNCTIONS["saddle"]


def way(label, *points, end=""):
    return Trajectory(label, list(points), [0.5] * len(points), end)


ONE = way("one", (0, 0), (1, 0), (1, 2))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (way("two", (0, 0), (1, 0), (1, 2)), "The steps of one and two are the same here."),
        (way("two", (0, 0), (1, 0), (1, 1.5)),
         "The step of iteration 2 is the first that differs here: that of one is 2 long, that of "
         "two 1.5, a ratio of 1.33."),
        (way("two", (0, 0), (0, 1), (1, 2)),
         "The step of iteration 1 is the first that differs here: that of one is 1 long, that of "
         "two 1; its direction is another."),
        (way("two", (0, 0), (1, 0), (1, 0)), "that of one is 2 long, that of two 0."),
        (way("two", (0, 0), (1, 0), end="not finite from iteration 2 on"),
         "the same here until two is not finite from iteration 2 on."),
        (way("two", (0, 0), (1 + 1e-12, 0), (1, 2)), "are the same here."),
    ],
)  # fmt: skip
def test_where_two_trajectories_differ_is_said_in_a_sentence(other, said):
    assert first_difference(ONE, other).endswith(said)


def test_the_script_gets_every_number_and_no_text_breaks_out():
    nasty = way("</script><b>", (0, 0), (1e300, -0.1234567890123))
    page = landscape_page(SADDLE, [nasty, ONE], title="<i>", told=[("different", "a & b")])
    data = json.loads(re.search(r"^const drawn = (.*);$", page, re.MULTILINE)[1])
    assert data["trajectories"][0]["label"] == "</script><b>"
    assert data["trajectories"][0]["steps"] == [[0, 0, 0.5, 0], [1e300, -0.123456789, 0.5, 1e300]]
    assert data["trajectories"][1]["steps"][2] == [1, 2, 0.5, 2]
    assert data["minima"] == [] and data["width"] == data["height"] == 600
    assert "<i>" not in page and "</script><b>" not in page and "a &amp; b" in page
    assert page.count("</script>") == 1 and "https:" not in page
    assert "no minimum: whoever gets past it leaves the" in page


def test_verdicts_are_those_of_the_table():
    rows = [
        ("good", "identical", "training", None),
        ("good", "equal to rounding", "trials", None),
        ("bad", "identical", "training", None),
        ("bad", "different", "trials", "no bias correction"),
    ]
    table = pd.DataFrame(rows, columns=["variant", "verdict", "on", "hint"])
    assert verdicts_of(table.assign(reference="torch")) == [
        ("different", "good: the same steps as torch; only rounding differs."),
        ("different", "bad: not the same steps as torch."),
        ("hint", "no bias correction"),
    ]
    assert verdicts_of(table.assign(reference="torch")[:0]) == []
