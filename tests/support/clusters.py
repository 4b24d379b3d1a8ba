"""Checkouts whose jobs run on a private Slurm, and what must hold for their results."""

import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from safetensors import safe_open

from checkouts import Checkout, make_checkout
from private_slurm import PATIENCE, PrivateSlurm, wait_until

# The profiles, with shorter waits.
SLURM = ("--workflow-profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "5")
GENERIC = ("--workflow-profile", "profiles/cluster-generic", "--seconds-between-status-checks", "2")
TRAINING = ("train_ours_0", "train_theirs_0")

#: Momentum, which takes twenty minutes where there is a file `slow`: whatever is done to a job, on
#: whatever machine, finds it running.
RULE = """
import time
from pathlib import Path

ELEMENTWISE = True


def momentum(parameters, gradients, state, *, lr, momentum):
    if Path("slow").exists():
        time.sleep(0.5)
    if not state:
        state["velocity"] = [0 * p for p in parameters]
    for p, g, v in zip(parameters, gradients, state["velocity"], strict=True):
        p.sub_(lr * v.mul_(momentum).add_(g))
"""
VARIANT = {"optimizer": "slow_rules.py:momentum", "lr": 0.05, "momentum": 0.9}
LONG = {
    "seeds_per_job": 3,
    "training": {"epochs": 300, "batch_size": 32},
    "comparisons": {"pair": {"ours": VARIANT, "theirs": {**VARIANT, "reference": True}}},
}


def make_long(folder):
    """Make a checkout with two training jobs of 300 epochs."""
    checkout = make_checkout(folder)
    (folder / "slow_rules.py").write_text(RULE)
    checkout.configure(**LONG)
    return checkout


@dataclass
class ClusterCheckout(Checkout):
    """A checkout whose jobs run on a private Slurm."""

    slurm: PrivateSlurm
    profile: tuple = SLURM

    def command(self, *arguments, cores=None):
        command = [sys.executable, "-m", "snakemake", *self.profile, "--latency-wait", "5"]
        return [*command, *arguments, "--configfile", "tiny.yaml"]

    def environment(self):
        return {**self.slurm.environment, "PYTHONPATH": ""}

    def snakemake(self, *arguments, cores=None):
        return self.start_anew(*arguments, cores=cores)

    def start(self, *arguments):
        """Start snakemake and return at once; its output goes to the file `said`.

        Training is slow until `hurry`. The output is Snakemake's own.
        """
        (self.folder / "slow").touch()
        with open(self.folder / "said", "w") as said:
            return subprocess.Popen(
                self.command(*arguments, "--printshellcmds"),
                cwd=self.folder,
                stdout=said,
                stderr=said,
                env=self.environment(),
            )

    def hurry(self):
        """Let training be slow no more."""
        (self.folder / "slow").unlink(missing_ok=True)

    def said(self):
        return (self.folder / "said").read_text()

    def wait_for_training(self):
        """Wait until both training jobs run their scripts; map them to their Slurm job IDs."""

        def running():
            lines = self.slurm.output("squeue", "-h", "-t", "RUNNING", "-o", "%i %j %k")
            jobs = {rule: job for job, rule in re.findall(r"^(\d+) .*(train_\w+)", lines, re.M)}
            logs = [self.results / "logs" / f"{rule}.log" for rule in TRAINING]
            return jobs if len(jobs) == 2 and all(log.exists() for log in logs) else None

        return wait_until(running, "both training jobs to run")

    def wait_for_checkpoint(self):
        """Wait until the training of `ours` has saved more than the untrained network."""
        file = self.results / "checkpoints" / "ours_0" / "0.safetensors"

        def kept():
            if file.exists():
                with safe_open(file, "numpy") as checkpoint:
                    return '["epoch", 0]' not in checkpoint.metadata()["progress"]

        wait_until(kept, "a checkpoint")

    def finish(self, process):
        """Wait for snakemake, which must succeed, and return its output."""
        self.hurry()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=PATIENCE)
        process.kill()
        assert process.wait() == 0, self.said()
        return self.said()


def assert_went_on(results):
    """Fail unless the training of `ours` resumed from the checkpoint of an interrupted run."""
    log = (results / "logs" / "train_ours_0.log").read_text()
    assert re.match(r"resuming after epoch [1-9]\d*, from a checkpoint\n", log), log[:200]


def contents(results):
    """Map every file of numbers to its bytes, without measured times and metadata.

    The prepared data are left out: safetensors writes their metadata in any order.
    """
    found = {}
    for path in sorted(results.rglob("*.parquet")):
        table = pq.read_table(path).replace_schema_metadata(None)
        # in the collected epochs, the provenance is a column
        measured = {"train_seconds", "about"} & set(table.column_names)
        table = table.drop_columns(sorted(measured))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
        found[str(path.relative_to(results))] = sink.getvalue().to_pybytes()
    for path in sorted(results.glob("weights/**/*.safetensors")):
        found[str(path.relative_to(results))] = path.read_bytes()
    return found


def assert_same_bits(results, expected):
    """Fail unless two folders hold the same numbers, bit for bit."""
    here, there = contents(results), contents(expected)
    assert there and here.keys() == there.keys()
    assert [name for name in there if here[name] != there[name]] == []
