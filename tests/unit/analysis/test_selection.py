"""Which combinations of a sweep are selected, or advance to the next rung."""

import numpy as np
import pytest

from descent.analysis.selection import follow, gather, select
from descent.errors import SelectionError
from sweeping import COMBINATIONS, runs


def test_the_best_final_validation_accuracy_is_selected():
    finals = runs(a=[(0.8, 1), (0.9, 2)], b=[(0.9, 9), (0.9, 9)], c=[(0.95, 1), (0.8, 1)])
    table = select(finals, {}, COMBINATIONS, ["best"])
    assert table["combination"].tolist() == ["a", "b", "c"]
    assert table["hyperparameters"].tolist() == ["lr = 1", "lr = 2", "lr = 3"]
    np.testing.assert_allclose(table["validation_accuracy"], [0.85, 0.9, 0.875])
    np.testing.assert_allclose(table["validation_loss"], [1.5, 9, 1])
    assert table["selected_as"].eq("best").tolist() == [False, True, False]
    gathered = gather([("x", table), ("y", table)])
    assert gathered["variant"].tolist() == ["x"] * 3 + ["y"] * 3


def test_the_loss_decides_between_equals_and_diverged_combinations_are_out():
    finals = runs(a=[(0.9, 2)], b=[(0.9, 1)], c=[(0.99, 0.1)])
    table = select(finals, {("c", 0): 7}, COMBINATIONS, ["best"])
    assert table["selected_as"].eq("best").tolist() == [False, True, False]
    assert table["diverged"].tolist() == [0, 0, 1]
    with pytest.raises(SelectionError, match="every combination has diverged runs: a, b, c"):
        select(finals, [(name, 0) for name in "abc"], COMBINATIONS, ["best"])


def test_one_diverged_run_rules_a_combination_out():
    finals = runs(a=[(0.9, 1), (0.9, 1)], b=[(0.99, 0.1), (0.99, 0.1)], c=[(0.8, 1), (0.8, 1)])
    table = select(finals, {("b", 1): 7}, COMBINATIONS, ["best"])
    assert table["validation_accuracy"].tolist() == [0.9, 0.99, 0.8]
    assert table["selected_as"].eq("best").tolist() == [True, False, False]


def test_the_best_go_on_under_the_names_of_places():
    finals = runs(a=[(0.8, 1)], b=[(0.9, 2)], c=[(0.9, 1)])
    table = select(finals, {}, COMBINATIONS, ["place_1", "place_2"]).set_index("combination")
    assert table["selected_as"].dropna().to_dict() == {"b": "place_2", "c": "place_1"}
    assert follow(table.reset_index(), COMBINATIONS, "x_selected") == {
        "place_1": {"variant": "c", "settings": COMBINATIONS["c"]},
        "place_2": {"variant": "b", "settings": COMBINATIONS["b"]},
    }


def test_a_later_rung_has_only_what_was_kept():
    table = select(runs(c=[(0.8, 1)], a=[(0.9, 2)]), {}, COMBINATIONS, ["x_selected"])
    assert table["combination"].tolist() == ["a", "c"]
    assert table["hyperparameters"].tolist() == ["lr = 1", "lr = 3"]
    assert follow(table, COMBINATIONS, "x_selected") == {
        "x_selected": {"variant": "x_selected", "settings": COMBINATIONS["a"]}
    }


def test_diverged_combinations_are_dropped_first():
    finals = runs(a=[(0.99, 0.1), (0.99, 0.1)], b=[(0.1, 9), (0.1, 9)], c=[(0.2, 8), (0.2, 8)])
    table = select(finals, {("a", 1): 7}, COMBINATIONS, ["place_1", "place_2"])
    assert table["selected_as"].fillna("").tolist() == ["", "place_2", "place_1"]
    # too few are left to fill the places: a diverged one comes last
    diverged = {("a", 1): 7, ("b", 0): 3, ("b", 1): 3}
    table = select(finals, diverged, COMBINATIONS, ["place_1", "place_2"])
    assert table["selected_as"].fillna("").tolist() == ["place_2", "", "place_1"]
    with pytest.raises(SelectionError, match="every combination has diverged runs: a, b, c"):
        select(finals, {**diverged, ("c", 0): 1}, COMBINATIONS, ["place_1", "place_2"])
