"""Jobs that are killed or fail resume where they stopped, and no finished work is lost."""

import subprocess
import time

import pandas as pd
import psutil
import pytest

from checkouts import TINY

#: Momentum; where there is a file `wait`, it waits in the third epoch.
RULE = """
import time
from pathlib import Path

ELEMENTWISE = True


def rule(parameters, gradients, state, *, lr):
    if not state:
        state |= {"iteration": 0, "velocity": [0 * p for p in parameters]}
    state["iteration"] += 1
    if state["iteration"] == 25 and Path("wait").exists():
        Path("waiting").touch()
        while True:
            time.sleep(0.1)
    for p, g, v in zip(parameters, gradients, state["velocity"], strict=True):
        p.sub_(lr * v.mul_(0.9).add_(g))
"""


def recorded(checkout):
    """All that the runs recorded, but for times."""
    results = checkout.results
    tables = {kind: pd.read_parquet(results / kind) for kind in ("iterations", "epochs")}
    weights = {
        file.parent.name + file.name: file.read_bytes() for file in results.glob("weights/*/*")
    }
    return tables["iterations"], tables["epochs"].drop(columns="train_seconds"), weights


def same(one, other):
    return one[0].equals(other[0]) and one[1].equals(other[1]) and one[2] == other[2]


@pytest.mark.slow
def test_a_killed_job_goes_on_from_its_checkpoint(prepared):
    (prepared.folder / "my_rules.py").write_text(RULE)
    theirs = TINY["comparisons"]["pair"]["theirs"]
    prepared.configure(
        training={"epochs": 4, "batch_size": 32},
        seeds=[0, 1],
        comparisons={
            "pair": {"ours": {"optimizer": "my_rules.py:rule", "lr": 0.05}, "theirs": theirs}
        },
    )
    target = "results/tiny/weights/ours/seed_0.safetensors"
    prepared.run(target)
    undisturbed = recorded(prepared)
    (prepared.folder / "results").rename(prepared.folder / "undisturbed")

    (prepared.folder / "wait").touch()
    with subprocess.Popen(
        prepared.command(target),
        cwd=prepared.folder,
        stderr=subprocess.DEVNULL,
        env=prepared.environment(),
    ) as process:
        while not (prepared.folder / "waiting").exists():
            assert process.poll() is None
            time.sleep(0.05)
        kill_training(process)
        assert process.wait() != 0
    (prepared.folder / "wait").unlink()
    kept = prepared.results / "checkpoints" / "ours_0" / "0.safetensors"
    assert kept.exists() and not list(prepared.results.glob("iterations/ours/*"))

    prepared.run(target)
    log = (prepared.results / "logs" / "train_ours_0.log").read_text()
    assert "resuming after epoch" in log and "epoch 0/4" not in log and "epoch 4/4" in log
    assert not kept.parent.exists()
    assert same(recorded(prepared), undisturbed)


def kill_training(snakemake):
    """Kill the training of a snakemake, and nothing else."""
    children = psutil.Process(snakemake.pid).children(recursive=True)
    [training] = [child for child in children if child.cmdline()[-1].endswith(".train.py")]
    training.kill()


@pytest.mark.slow
def test_a_rerun_that_fails_leaves_what_was_finished(finished):
    before = recorded(finished)
    runs = finished.results / "iterations" / "ours"
    written = (runs / "seed_2.parquet").stat().st_mtime_ns
    (runs / "seed_1.parquet").unlink()
    code = finished.folder / "src" / "descent" / "training" / "loop.py"
    source = code.read_text()
    code.write_text(source.replace("def train(", "def train_no_more("))
    assert finished.snakemake("results/tiny/iterations/ours/seed_1.parquet").returncode != 0
    assert sorted(file.name for file in runs.iterdir()) == ["seed_0.parquet", "seed_2.parquet"]
    for table in ("iterations", "epochs"):
        pd.read_parquet(finished.results / table)

    code.write_text(source)
    curves = "results/tiny/curves.parquet"
    finished.run(curves)
    assert same(recorded(finished), before)
    assert (runs / "seed_2.parquet").stat().st_mtime_ns == written  # by another job
    assert finished.would_run(curves) == {}
