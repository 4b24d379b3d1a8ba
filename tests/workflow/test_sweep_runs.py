"""Sweeps: from a list in the configuration to the selected variant in the tables."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from checkouts import TINY, refusal, trains
from descent.data.prepared import load_prepared
from descent.records import read_metadata
from networks import repeat

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


def test_the_best_combination_is_selected_and_retrained(prepared):
    """The selected runs are made, and no more; the slow tests make all of it."""
    lrs = [0.05, 1e30]
    configure(prepared, {**OURS, "lr": lrs})
    wanted = ["tables/selection.csv", "epochs/ours_selected/seed_0.parquet"]
    targets = [str(Path("results", "tiny", file)) for file in wanted]
    prepared.run(*targets)
    assert prepared.would_run(*targets) == {}
    results = prepared.results
    table = pd.read_csv(results / "tables" / "selection.csv").set_index("combination")
    assert table["selected_as"].dropna().to_dict() == {"ours_lr_0.05": "ours_selected"}
    assert table["diverged"].to_dict() == {"ours_lr_0.05": 0, "ours_lr_1e+30": 2}
    epochs = pd.read_parquet(results / "epochs" / "ours_lr_0.05").query("epoch == 2")
    assert set(epochs["seed"]) == {10, 11}
    best = table.loc["ours_lr_0.05", "validation_accuracy"]
    assert best == pytest.approx(epochs["validation_accuracy"].mean())
    about = read_metadata(results / "epochs" / "ours_selected" / "seed_0.parquet")
    assert about["configuration"]["settings"] == {**OURS, "lr": 0.05}

    # a further value trains itself and what is selected, not the others
    configure(prepared, {**OURS, "lr": [*lrs, 0.01]})
    further = {"train_ours_lr_0.01_0": 1, "train_ours_selected_0": 1}
    assert trains(prepared.would_run(*targets)) == further
    configure(prepared, {**OURS, "lr": lrs}, curves={"smoothing_window": 1, "band": "sd"})
    assert prepared.would_run(*targets) == {}
    figure = "results/tiny/figures/sensitivity_pair.png"
    assert prepared.would_run(figure) == {"sensitivity": 1}
    configure(prepared, {**OURS, "lr": lrs}, sweeps={"seeds": [10, 12]})
    again = {"train_ours_lr_0.05_0", "train_ours_lr_1e+30_0", "train_ours_selected_0"}
    assert trains(prepared.would_run(*targets)).keys() == again


@pytest.mark.slow
def test_a_sweep_selects_by_validation_images_and_retrains(prepared):
    configure(prepared, OURS)
    prepared.run()
    assert prepared.would_run() == {}
    results = prepared.results

    epochs = pd.read_parquet(results / "epochs")
    swept = epochs[epochs["variant"].str.startswith("ours_lr_")]
    assert set(swept["seed"]) == {10, 11}
    final = swept[swept["epoch"] == 2].groupby("variant", observed=True)["validation_accuracy"]
    best = final.mean().idxmax()
    assert best == "ours_lr_0.05"
    selection = json.loads((results / "selection" / "ours_selected.json").read_text())
    settings = selection["ours_selected"]["settings"]
    assert settings == {"lr": 0.05, "momentum": 0.9, "optimizer": "scratch.sgd_momentum"}
    table = pd.read_csv(results / "tables" / "selection.csv").set_index("combination")
    assert table["selected_as"].dropna().to_dict() == {best: "ours_selected"}
    np.testing.assert_allclose(table.loc[best, "validation_accuracy"], final.mean()[best])
    assert table.loc["ours_lr_1e+30", "diverged"] == 2

    file = results / "iterations" / "ours_selected" / "seed_1.parquet"
    about = read_metadata(file)
    assert about["configuration"]["settings"] == settings
    data = load_prepared(next(prepared.results.glob("data/*.safetensors")))
    [alone] = repeat(data, 1, about["configuration"])
    assert pd.read_parquet(file)["train_loss"].tolist() == alone.iterations["train_loss"].tolist()

    accuracy = pd.read_csv(results / "tables" / "final_accuracy.csv")
    assert accuracy["variant"].tolist() == ["ours_selected", "theirs"]
    assert accuracy["n"].tolist() == [2, 2]
    assert set(pd.read_csv(results / "tables" / "equivalence.csv")["variant"]) == {"ours_selected"}
    assert pd.read_csv(results / "tables" / "parity.csv").empty

    assert (results / "figures" / "sensitivity_pair.pdf").exists()
    for page in ("report.html", "interactive.html"):
        text = (results / page).read_text()
        assert "ours_selected" in text
    assert ">lr = 0.05</td>" in (results / "report.html").read_text()
    assert "sensitivity" in (results / "snakemake-report.html").read_text()

    # another value trains only itself and the selected variant
    configure(prepared, {**OURS, "lr": [*OURS["lr"], 0.01]})
    assert trains(prepared.would_run()) == {"train_ours_lr_0.01_0": 1, "train_ours_selected_0": 1}
    configure(prepared, OURS, curves={"smoothing_window": 1, "band": "sd"})
    jobs = prepared.would_run()
    assert trains(jobs) == {} and jobs["sensitivity"] == 1 and "select" not in jobs
    configure(prepared, OURS, sweeps={"seeds": [10, 12]})
    jobs = trains(prepared.would_run())
    assert jobs.keys() >= {"train_ours_lr_0.05_0", "train_ours_selected_0"}
    assert "train_theirs_0" not in jobs


def configure_rungs(checkout, lr=(0.0001, 0.05, 1e30), epochs=4):
    training = {**TINY["training"], "epochs": epochs, "validation_fraction": 0.2}
    sweeps = {"seeds": [10, 11], "halving": {"epochs": 1, "factor": 2}}
    configure(checkout, {**OURS, "lr": list(lr)}, training=training, sweeps=sweeps)


def test_each_rung_of_halving_is_trained_before_the_next(checkout):
    configure_rungs(checkout)
    first = {f"train_ours_lr_{lr}_0": 1 for lr in ("0.0001", "0.05", "1e+30")}
    second = {f"train_ours_rung_2_{place}_0": 1 for place in (1, 2)}
    third = {"train_ours_rung_3_1_0": 1}
    for rung, trained, selections in (
        (1, first, 1),
        (2, first | second, 2),
        (3, first | second | third, 3),
    ):
        name = "ours_selected" if rung == 3 else f"ours_rung_{rung}"
        jobs = checkout.would_run(f"results/tiny/selection/{name}.json")
        assert trains(jobs) == trained and jobs["select"] == selections
    jobs = checkout.would_run("results/tiny/epochs/ours_selected/seed_0.parquet")
    assert trains(jobs) == first | second | third | {"train_ours_selected_0": 1}


@pytest.mark.slow
def test_halving_repeats_the_bits_of_the_rung_before(prepared):
    results = prepared.results
    wanted = ["tables/selection.csv", "figures/sensitivity_pair.png"]
    wanted += ["epochs/ours_selected/seed_0.parquet"]
    targets = [str(Path("results", "tiny", file)) for file in wanted]
    configure_rungs(prepared)
    prepared.run(*targets)
    assert prepared.would_run(*targets) == {}

    table = pd.read_csv(results / "tables" / "selection.csv").set_index("combination")
    assert table["epochs"].tolist() == [1, 1, 1, 2, 2, 4]
    assert table.loc["ours_lr_1e+30", ["diverged", "selected_as"]].isna().tolist() == [False, True]
    assert table.loc["ours_lr_0.05", "selected_as"].tolist()[-1] == "ours_selected"
    about = read_metadata(results / "epochs" / "ours_selected" / "seed_0.parquet")
    assert about["configuration"]["epochs"] == 4
    assert about["configuration"]["variant"] == "ours_selected"
    assert about["configuration"]["settings"]["lr"] == 0.05

    data = load_prepared(next(prepared.results.glob("data/*.safetensors")))
    kept = table[table["selected_as"].str.contains("rung", na=False)]
    assert len(kept) == 3
    for combination, row in kept.iterrows():
        file = results / "iterations" / row["selected_as"] / "seed_11.parquet"
        configuration = read_metadata(file)["configuration"]
        assert configuration["variant"] == combination
        assert configuration["epochs"] == 2 * row["epochs"]
        [alone] = repeat(data, 11, configuration)
        longer = pd.read_parquet(file)["train_loss"].tolist()
        assert longer == alone.iterations["train_loss"].tolist()
        before = results / "iterations" / combination / "seed_11.parquet"
        shorter = pd.read_parquet(before)["train_loss"].tolist()
        assert longer[: len(shorter)] == shorter and len(longer) > len(shorter)

    places = {f"train_ours_rung_{place}_0": 1 for place in ("2_1", "2_2", "3_1")}
    configure_rungs(prepared, epochs=5)  # only the last rung is longer
    last = {"train_ours_rung_3_1_0": 1, "train_ours_selected_0": 1}
    assert trains(prepared.would_run(*targets)) == last
    configure_rungs(prepared, lr=(0.0001, 0.02, 0.05, 1e30))
    added = {"train_ours_lr_0.02_0": 1, "train_ours_selected_0": 1}
    assert trains(prepared.would_run(*targets)) == {**added, **places}


@pytest.mark.slow
def test_all_combinations_diverge(prepared):
    configure(prepared, {**OURS, "lr": [1e29, 1e30]})
    process = prepared.snakemake("results/tiny/tables/selection.csv")
    assert process.returncode != 0
    assert "every combination has diverged runs: ours_lr_1e+29, ours_lr_1e+30" in process.stdout


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training": TINY["training"]}, "comparisons.pair.ours.lr: a list is a sweep"),
        ({"sweeps": {"seeds": [1]}}, "sweeps.seeds: 1 is also in seeds"),
    ],
)
def test_a_selection_that_would_not_be_honest_is_refused(checkout, changes, said):
    configure(checkout, OURS, **changes)
    assert refusal(checkout.snakemake("-n")).startswith(said)
