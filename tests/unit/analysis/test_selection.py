"""Which combination of a sweep is selected."""

import numpy as np
import pytest

from descent.analysis.selection import gather, select
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
    with pytest.raises(SelectionError, match="runs of every combination diverged: a, b, c"):
        select(finals, [(name, 0) for name in "abc"], COMBINATIONS, ["best"])


def test_one_diverged_run_rules_a_combination_out():
    finals = runs(a=[(0.9, 1), (0.9, 1)], b=[(0.99, 0.1), (0.99, 0.1)], c=[(0.8, 1), (0.8, 1)])
    table = select(finals, {("b", 1): 7}, COMBINATIONS, ["best"])
    assert table["validation_accuracy"].tolist() == [0.9, 0.99, 0.8]
    assert table["selected_as"].eq("best").tolist() == [True, False, False]
