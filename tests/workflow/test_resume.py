"""Jobs that are killed or fail go on where they were, and nothing that is finished is lost."""

import os
import signal
import subprocess
import time

import pandas as pd
from checkouts import TINY

LONG = {"training": {"epochs": 300, "batch_size": 32}, "seeds": [0, 1]}


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


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_job_goes_on_from_its_checkpoint(checkout):
    checkout.configure(**LONG)
    targets = [f"results/tiny/weights/{name}/seed_0.safetensors" for name in ("ours", "theirs")]
    checkout.run(*targets)
    undisturbed = recorded(checkout)
    (checkout.folder / "results").rename(checkout.folder / "undisturbed")

    with subprocess.Popen(
        checkout.command(targets[0]), cwd=checkout.folder, stderr=subprocess.DEVNULL
    ) as process:
        kept = checkout.results / "checkpoints" / "ours_0" / "0.safetensors"
        wait_for(kept.exists)
        jobs = subprocess.run(
            ["pgrep", "-f", f"{checkout.folder}.*train.py"], capture_output=True, text=True
        )
        for job in jobs.stdout.split():
            os.kill(int(job), signal.SIGKILL)
        assert process.wait() != 0
    assert kept.exists()

    checkout.run(*targets)
    log = (checkout.results / "logs" / "train_ours_0.log").read_text()
    assert "going on after epoch" in log and "epoch 0/300" not in log
    assert not (checkout.results / "checkpoints" / "ours_0").exists()
    assert same(recorded(checkout), undisturbed)


def test_a_rerun_that_fails_leaves_what_was_finished(finished):
    before = recorded(finished)
    deleted = finished.results / "iterations" / "ours" / "seed_1.parquet"
    deleted.unlink()
    code = finished.folder / "workflow" / "descent" / "training.py"
    source = code.read_text()
    code.write_text(source.replace("def train(", "def train_no_more("))
    assert finished.snakemake().returncode != 0
    kept = sorted(file.name for file in finished.results.glob("iterations/ours/*"))
    assert kept == ["seed_0.parquet", "seed_2.parquet"]
    for table in ("iterations", "epochs"):
        pd.read_parquet(finished.results / table)

    code.write_text(source)
    finished.run()
    assert same(recorded(finished), before)
    assert finished.would_run() == {}


def test_progress_of_other_code_is_not_used(checkout):
    checkout.configure(**LONG)
    target = "results/tiny/weights/ours/seed_0.safetensors"
    folder = checkout.results / "checkpoints" / "ours_0"
    folder.mkdir(parents=True)
    (folder / "0.safetensors").write_bytes(b"of another time")
    checkout.configure(training=TINY["training"])
    checkout.run(target)
    log = (checkout.results / "logs" / "train_ours_0.log").read_text()
    assert "not used, training starts anew" in log
    assert not folder.exists()
