"""The tables of the report; test_report.py checks most of their cells."""

import numpy as np
import pandas as pd
import pytest

from descent.reporting.html_tables import number, shown
from evidence import equivalence, parity

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "form", "scale", "text"),
    [
        (0.98765, ".2f", 100, "98.77"),
        (-2e-8, ".1g", 1, f"{MINUS}2e{MINUS}08"),
        (np.nan, ".2f", 1, "-"),
        (pd.NA, "g", 1, "-"),
    ],
)
def test_a_number_is_rounded_and_a_missing_one_is_a_dash(value, form, scale, text):
    assert number(value, form, scale) == text


def test_differences_have_true_signs_and_the_units_of_their_quantity():
    content = shown(equivalence().assign(n=3), "equivalence")
    points, nats = (dict(zip(content["headings"], row, strict=True)) for row in content["rows"])
    assert points["difference"] == f"{MINUS}0.04" and nats["difference"] == f"{MINUS}0.0004"
    assert points["interval"] == f"{MINUS}0.21 to +0.14 (97.5 %)"
    assert points["margin"] == "0.5" and nats["margin"] == "0.01"
    assert points["better"] == "0.30 (0.08 to 0.67)"
    assert points["seeds"] == "3 and 5, paired" and points["seeds needed"] == "-"


def test_what_diverged_has_dashes():
    missing = dict.fromkeys(["difference", "level", "improvement"], np.nan)
    [row, _] = shown(equivalence("diverged", **missing), "equivalence")["rows"]
    assert [row[place] for place in (4, 5, 7, 9)] == ["-"] * 4


def test_pairs_are_shown_like_comparisons():
    headings = shown(equivalence(), "pairs")["headings"]
    assert headings[:3] == ["variant", "reference", "verdict"] and "seeds needed" not in headings


def test_what_was_compared_and_where_it_differs():
    content = shown(parity(trials="different"), "parity")
    in_training, _, trials = (
        dict(zip(content["headings"], row, strict=True)) for row in content["rows"]
    )
    assert in_training["compared on"] == "training, float32"
    assert [in_training[name] for name in ("seeds", "iterations")] == ["5", "500"]
    assert in_training["share of the tolerance"] == "0.21"
    assert in_training["decided by"] == "formula"
    assert trials["compared on"] == "trials"
    numbers = ["seeds", "iterations", "largest difference", "share of the tolerance", "decided by"]
    assert [trials[name] for name in numbers] == ["-"] * 5
    begins = "iteration 1, W0 (float64, with large gradients)"
    assert trials["tolerance first exceeded at"] == begins


def test_trials_without_a_difference_are_one_word_and_dashes():
    *_, row = shown(parity(), "parity")["rows"]
    assert row == ["ours", "theirs", "trials", "-", "-", "identical", *["-"] * 5]


def test_a_selected_combination_says_its_name():
    row = {
        "variant": "m_selected",
        "hyperparameters": "lr = 0.1",
        "epochs": 2,
        "n": 2,
        "diverged": 0,
        "validation_accuracy": 0.9,
        "validation_accuracy_sd": 0.01,
        "validation_loss": 0.3,
        "selected_as": "m_selected",
    }
    rows = shown(pd.DataFrame([row, row | {"selected_as": np.nan, "diverged": 1}]), "selection")
    chosen, other = rows["rows"]
    assert chosen[4:] == ["none", "90.00 ± 1.00", "0.3000", "as m_selected"]
    assert other[4] == "1" and other[-1] == ""
