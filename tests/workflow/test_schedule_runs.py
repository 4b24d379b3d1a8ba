"""Schedules, clipping and groups: from the configuration to the runs, verdicts and the report."""

import copy

import pandas as pd
import pytest

from checkouts import TINY, trains
from descent.data.prepared import load_prepared
from descent.records import read_metadata
from networks import repeat

REGIME = {
    "lr_scheduler": [
        {"name": "LinearLR", "start_factor": 0.1, "total_iters": 5, "per": "iteration"}
        | {"iterations": 5},
        {"name": "ExponentialLR", "gamma": 0.5},
    ],
    "gradient_clipping": {"norm": 0.5},
    "groups": [{"parameters": ["b*"], "lr": 0.01}],
}


def pair(**changes):
    members = copy.deepcopy(TINY["comparisons"]["pair"])
    return {"pair": {name: {**own, **changes.get(name, {})} for name, own in members.items()}}


@pytest.mark.slow
def test_a_pair_that_follows_a_schedule(prepared):
    """Its parity and a run are made, and no more; the slow test makes all of it."""
    prepared.configure(comparisons=pair(ours=REGIME, theirs=REGIME))
    table, file = "tables/parity.csv", "iterations/ours/seed_1.parquet"
    targets = [f"results/tiny/{target}" for target in (table, file)]
    prepared.run(*targets)
    assert prepared.would_run(*targets) == {}
    parity = pd.read_csv(prepared.results / table)
    assert set(parity["verdict"]) == {"identical"} and len(parity) == 3

    about = read_metadata(prepared.results / file)["configuration"]
    assert about["settings"].items() >= REGIME.items()
    [data] = (prepared.results / "data").iterdir()
    [again] = repeat(load_prepared(data), 1, about)
    recorded = pd.read_parquet(prepared.results / file)["train_loss"].to_numpy()
    assert again.iterations["train_loss"].tobytes() == recorded.tobytes()

    other = copy.deepcopy(REGIME)
    other["lr_scheduler"][1]["gamma"] = 0.4
    prepared.configure(comparisons=pair(ours=REGIME, theirs=other))
    assert prepared.would_run(targets[1]) == {}
    assert prepared.would_run(targets[0]) == {"replay": 1, "parity": 1}


@pytest.mark.slow
def test_the_report_draws_a_schedule(prepared):
    prepared.configure(comparisons=pair(ours=REGIME))
    prepared.run()
    assert prepared.would_run() == {}
    page = (prepared.results / "report.html").read_text()
    assert "Learning rate of every iteration, comparison pair" in page
    assert "gradients clipped at norm 0.5" in page
    assert "ours from 0.005 to 0.025." in page
    parity = pd.read_csv(prepared.results / "tables" / "parity.csv").set_index("on")["verdict"]
    assert set(parity["training"]) == {"different"} and parity["trials"] == "identical"


def test_each_of_the_keys_retrains_only_its_variant(finished):
    for key, value in REGIME.items():
        finished.configure(comparisons=pair(theirs={key: value}))
        assert trains(finished.would_run()) == {"train_theirs_0": 1, "train_theirs_1": 1}


def test_a_schedule_of_the_replay_retrains_nothing(finished):
    halved = {"name": "StepLR", "per": "iteration", "step_size": 2, "gamma": 0.5}
    parity = TINY.get("parity", {})
    finished.configure(parity=parity | {"lr_scheduler": None})
    assert finished.would_run() == {}
    finished.configure(parity=parity | {"lr_scheduler": halved})
    jobs = finished.would_run()
    assert trains(jobs) == {} and jobs["replay"] == jobs["parity"] == 1
