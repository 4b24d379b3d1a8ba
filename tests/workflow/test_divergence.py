"""What happens to runs that diverge, and to runs whose seeds are paired."""

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from checkouts import TINY
from descent.records import read_metadata
from drawn import texts

THEIRS = TINY["comparisons"]["pair"]["theirs"]


@pytest.fixture
def diverging(prepared):
    """A checkout where runs of `ours` diverge.

    With two hidden layers; one alone dies of this learning rate, at a finite loss.
    """
    wild = {"optimizer": "scratch.sgd_momentum", "lr": 1e3, "momentum": 0.9}
    prepared.configure(
        comparisons={"pair": {"ours": wild, "theirs": THEIRS}},
        model={"hidden": [50, 50]},
        seeds_per_job=3,
    )
    return prepared


@pytest.mark.slow
def test_runs_that_diverge_are_a_result(diverging):
    names = ("final_accuracy", "equivalence", "targets")
    targets = [f"results/tiny/tables/{name}.csv" for name in names]
    diverging.run(*targets)
    assert diverging.would_run(*targets) == {}
    at = {}
    for seed in range(3):
        file = diverging.results / "iterations" / "ours" / f"seed_{seed}.parquet"
        metadata, loss = read_metadata(file), pd.read_parquet(file)["train_loss"]
        if metadata["status"] == "diverged":
            at[seed] = metadata["diverged_at_iteration"]
            assert np.isfinite(loss[:-1]).all() and not np.isfinite(loss.iloc[-1])
            assert len(loss) == at[seed]
        assert load_file(diverging.results / "weights" / "ours" / f"seed_{seed}.safetensors")
    assert at
    tables = diverging.results / "tables"
    table = pd.read_csv(tables / "final_accuracy.csv", dtype={"diverged_at": str})
    ours, theirs = table.set_index("variant").loc[["ours", "theirs"]].to_dict("records")
    assert (ours["n"], ours["diverged"]) == (3, len(at))
    assert ours["diverged_at"] == ", ".join(map(str, sorted(at.values())))
    assert theirs["diverged"] == 0 and np.isnan(theirs["diverged_at"]) and theirs["mean"] > 0.9
    words = f"{len(at)} of 3 diverged at iteration {ours['diverged_at']}"
    for kind in ("md", "tex"):
        assert words in (tables / f"final_accuracy.{kind}").read_text()
    equivalence = pd.read_csv(tables / "equivalence.csv")
    assert equivalence["verdict"].tolist() == ["diverged"] * 2
    assert equivalence["n_diverged"].tolist() == [len(at)] * 2
    targets = pd.read_csv(tables / "targets.csv").set_index("variant")
    assert (targets.loc["ours", "reached"] <= 3 - len(at)).all()
    assert (targets.loc["theirs", "reached"] > 0).all()


@pytest.mark.slow
def test_runs_that_diverge_are_drawn(diverging):
    figures = [f"results/tiny/figures/{metric}_pair.svg" for metric in ("train_loss", "test_loss")]
    diverging.run(*figures)
    for figure in figures:
        found = texts(diverging.folder / figure)
        assert any("cross: a run diverged" in text for text in found)


@pytest.mark.slow
def test_all_runs_of_a_comparison_may_diverge(prepared):
    """Seeds train alone here, and each ends where it diverges."""
    wild = {"optimizer": "torch.optim.SGD", "lr": 1e30}
    prepared.configure(
        comparisons={"pair": {"ours": wild, "theirs": {**wild, "reference": True}}},
        seeds=[0, 1],
        seeds_per_job=1,
    )
    prepared.run("results/tiny/report.html", "results/tiny/interactive.html")
    table = pd.read_csv(prepared.results / "tables" / "final_accuracy.csv")
    assert table["diverged"].tolist() == [2, 2] and table["mean"].isna().all()
    log = (prepared.results / "logs" / "train_ours_0.log").read_text().splitlines()
    assert [line.split(":")[0] for line in log] == ["epoch 0/2", "epoch 1/2"]


@pytest.mark.slow
def test_paired_seeds(prepared):
    prepared.configure(seeding="paired", seeds_per_job=3)
    targets = ["results/tiny/tables/equivalence.csv", "results/tiny/tables/final_accuracy.csv"]
    prepared.run(*targets)
    first, streams = [], []
    for variant in ("ours", "theirs"):
        file = prepared.results / "iterations" / variant / "seed_2.parquet"
        first.append(pd.read_parquet(file)["train_loss"].iloc[0])
        streams.append(read_metadata(file)["streams"])
    assert first[0] == first[1] and streams[0] == streams[1]
    table = pd.read_csv(prepared.results / "tables" / "equivalence.csv")
    assert table["design"].tolist() == ["paired"] * 2
    epochs = pd.read_parquet(prepared.results / "epochs").query("epoch == 2")
    loss = epochs.pivot(index="seed", columns="variant", values="test_loss")
    row = table[table["metric"] == "test_loss"].iloc[0]
    difference = loss["ours"] - loss["theirs"]
    assert row["difference"] == pytest.approx(difference.mean(), abs=1e-12)
    assert row["sd"] == pytest.approx(difference.std(), abs=1e-12)
