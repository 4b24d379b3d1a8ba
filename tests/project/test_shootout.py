"""The page on the study of twelve optimizers has the numbers of its results."""

import itertools
import json
import sys

import pandas as pd
import pytest
import yaml

from configurations import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks"))

import shootout

RESULT = json.loads((PROJECT / "benchmarks" / "shootout.json").read_text())
CONFIG = yaml.safe_load((PROJECT / "config" / "shootout.yaml").read_text())


def test_the_pages_have_the_table_of_the_results():
    for file in ("docs/shootout.md", "benchmarks/shootout.md"):
        assert shootout.table(RESULT) in (PROJECT / file).read_text(), "run: make shootout"


def test_the_results_are_those_of_the_configuration():
    [members] = CONFIG["comparisons"].values()
    assert {row["optimizer"] for row in RESULT["rows"]} == members.keys()
    for row in RESULT["rows"]:
        assert row["lr"] == members[row["optimizer"]]["lr"][row["place"] - 1]
        assert row["n"] == CONFIG["seeds"]["to"] + 1
    assert RESULT["targets"] == CONFIG["targets"]["accuracy"]


def test_every_optimizer_has_as_many_rates_half_a_decade_apart():
    [members] = CONFIG["comparisons"].values()
    for settings in members.values():
        rates = settings["lr"]
        assert len(rates) == 7
        for lower, upper in itertools.pairwise(rates):
            assert upper / lower == pytest.approx(10**0.5, rel=0.06)


def test_no_selected_rate_is_at_the_edge_of_its_grid():
    assert all(1 < row["place"] < row["rates"] for row in RESULT["rows"])


def test_a_rank_counts_those_that_are_shown_to_be_better(tmp_path):
    """Three variants: b is shown to be worse than a, c than neither, though its mean is lowest."""
    names = ["a_selected", "b_selected", "c_selected"]
    tables = {
        "final_accuracy": pd.DataFrame(
            {"variant": names, "mean": [0.9, 0.8, 0.7], "ci_lower": 0.6, "ci_upper": 0.95}
        ).assign(n=2, diverged=0),
        "pairs": pd.DataFrame(
            {
                "variant": [names[1], names[2], names[2]],
                "reference": [names[0], names[0], names[1]],
                "verdict": ["different", "inconclusive", "equivalent (difference detectable)"],
            }
        ),
        "selection": pd.DataFrame(
            {"selected_as": names, "combination": ["a_lr_2", "b_lr_2", "c_lr_2"]}
        ),
        "targets": pd.DataFrame({"variant": names, "target": 0.8, "reached": [2, 2, 0]}).assign(
            iterations_median=[5, 6, None], seconds_median=1.0, seconds_per_iteration=0.1
        ),
    }
    for folder in ("tables", "selection"):
        (tmp_path / folder).mkdir()
    for name, table in tables.items():
        table.to_csv(tmp_path / "tables" / f"{name}.csv")
    for name in "abc":
        pd.DataFrame(
            {
                "combination": [f"{name}_lr_{rate}" for rate in (1, 2, 3)],
                "validation_accuracy": [0.895, 0.9, 0.91],
                "diverged": [0, 0, 1],
            }
        ).to_csv(tmp_path / "selection" / f"{name}_rung_1.csv")
    config = {"comparisons": {"x": {name: {"lr": [1, 2, 3]} for name in "abc"}}}
    rows = shootout.rows(tmp_path, config)
    assert [(row["optimizer"], row["rank"]) for row in rows] == [("a", 1), ("c", 1), ("b", 2)]
    assert rows[0]["plateau"] == 2 and rows[0]["diverged_rates"] == 1 and rows[0]["lr"] == 2
    assert rows[1]["iterations"] == [None]
    shown = shootout.table({"rows": rows, "targets": [0.8]})
    assert "0 of 2" in shown
