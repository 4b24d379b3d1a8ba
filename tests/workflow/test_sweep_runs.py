"""Sweeps: from a list in the configuration to the selected variant in the tables."""

import json

import numpy as np
import pandas as pd
import pytest
from checkouts import TINY
from test_rerun import trains

from descent.data import load_prepared
from descent.records import read_metadata
from descent.training import train

THEIRS = TINY["comparisons"]["pair"]["theirs"]
OURS = {**TINY["comparisons"]["pair"]["ours"], "lr": [0.0001, 0.05, 1e30]}


def configure(checkout, ours, **changes):
    settings = {
        "comparisons": {"pair": {"ours": ours, "theirs": THEIRS}},
        "training": {**TINY["training"], "validation_fraction": 0.2},
        "seeds": [0, 1],
        "sweeps": {"seeds": [10, 11]},
    }
    checkout.configure(**{**settings, **changes})


def test_a_sweep_selects_by_validation_images_and_retrains(checkout):
    configure(checkout, OURS)
    checkout.run()
    assert checkout.would_run() == {}
    results = checkout.results

    epochs = pd.read_parquet(results / "epochs")
    swept = epochs[epochs["variant"].str.startswith("ours_lr_")]
    assert set(swept["seed"]) == {10, 11}
    final = swept[swept["epoch"] == 2].groupby("variant", observed=True)["validation_accuracy"]
    best = final.mean().idxmax()
    assert best == "ours_lr_0.05"
    settings = json.loads((results / "selection" / "ours_selected.json").read_text())
    assert settings == {"lr": 0.05, "momentum": 0.9, "optimizer": "scratch.sgd_momentum"}
    table = pd.read_csv(results / "tables" / "selection.csv").set_index("combination")
    assert table.index[table["selected"]].tolist() == [best]
    np.testing.assert_allclose(table.loc[best, "validation_accuracy"], final.mean()[best])
    assert table.loc["ours_lr_1e+30", "diverged"] == 2

    file = results / "iterations" / "ours_selected" / "seed_1.parquet"
    about = read_metadata(file)
    assert about["configuration"]["settings"] == settings
    data = load_prepared(next(checkout.folder.glob("data/*/prepared.safetensors")))
    [alone] = train(data, seeds=[1], **about["configuration"])
    assert pd.read_parquet(file)["train_loss"].tolist() == alone.train_loss.tolist()

    accuracy = pd.read_csv(results / "tables" / "final_accuracy.csv")
    assert accuracy["variant"].tolist() == ["ours_selected", "theirs"]
    assert accuracy["n"].tolist() == [2, 2]
    assert set(pd.read_csv(results / "tables" / "equivalence.csv")["variant"]) == {"ours_selected"}
    assert pd.read_csv(results / "tables" / "parity.csv").empty

    assert (results / "figures" / "sensitivity_pair.pdf").exists()
    for page in ("report.html", "interactive.html"):
        text = (results / page).read_text()
        assert "ours_selected" in text
    assert "<td>lr = 0.05</td>" in (results / "report.html").read_text()
    assert "sensitivity" in (results / "snakemake-report.html").read_text()

    # a further value trains itself and what is selected, not the others
    configure(checkout, {**OURS, "lr": [*OURS["lr"], 0.01]})
    assert trains(checkout.would_run()) == {"train_ours_lr_0.01_0": 1, "train_ours_selected_0": 1}
    configure(checkout, OURS, curves={"smoothing_window": 1, "band": "sd"})
    jobs = checkout.would_run()
    assert trains(jobs) == {} and jobs["sensitivity"] == 1 and "select" not in jobs
    configure(checkout, OURS, sweeps={"seeds": [10, 12]})
    jobs = trains(checkout.would_run())
    assert jobs.keys() >= {"train_ours_lr_0.05_0", "train_ours_selected_0"}
    assert "train_theirs_0" not in jobs


def test_all_combinations_diverge(checkout):
    configure(checkout, {**OURS, "lr": [1e29, 1e30]})
    process = checkout.snakemake("results/tiny/tables/selection.csv")
    assert process.returncode != 0
    assert "runs of every combination diverged: ours_lr_1e+29, ours_lr_1e+30" in process.stdout


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training": TINY["training"]}, "comparisons.pair.ours.lr: a list is a sweep"),
        ({"sweeps": {"seeds": [1]}}, "sweeps.seeds: 1 is also in seeds"),
    ],
)
def test_a_selection_that_would_not_be_honest_is_refused(checkout, changes, said):
    configure(checkout, OURS, **changes)
    process = checkout.snakemake("-n")
    assert process.returncode != 0
    [line] = [line for line in process.stdout.splitlines() if "profile" not in line]
    assert line.startswith(said)
