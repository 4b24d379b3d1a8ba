"""A real Slurm, checkouts whose jobs it runs, and what an undisturbed local run gives."""

import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filelock import FileLock
from safetensors import safe_open

from checkouts import Checkout, make_checkout
from private_slurm import PrivateSlurm, missing_packages, wait_until

# The profiles, but for shorter waits.
SLURM = ("--workflow-profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "5")
GENERIC = ("--workflow-profile", "profiles/cluster-generic", "--seconds-between-status-checks", "2")
LONG = {"seeds_per_job": 3, "training": {"epochs": 1000, "batch_size": 32}}
TRAINING = ("train_ours_0", "train_theirs_0")


def pytest_configure():
    """Say what is missing, before anything starts."""
    if missing := missing_packages():
        pytest.exit(missing, 1)


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

    def start(self, *arguments):
        """Start snakemake and return at once; what it says goes to the file `said`."""
        with open(self.folder / "said", "w") as said:
            return subprocess.Popen(
                self.command(*arguments),
                cwd=self.folder,
                stdout=said,
                stderr=said,
                env=self.environment(),
            )

    def said(self):
        return (self.folder / "said").read_text()

    def wait_for_training(self):
        """Wait until both training jobs run their scripts; map them to Slurm's numbers."""

        def running():
            lines = self.slurm.output("squeue", "-h", "-t", "RUNNING", "-o", "%i %j %k")
            jobs = {rule: job for job, rule in re.findall(r"^(\d+) .*(train_\w+)", lines, re.M)}
            logs = [self.results / "logs" / f"{rule}.log" for rule in TRAINING]
            return jobs if len(jobs) == 2 and all(log.exists() for log in logs) else None

        return wait_until(running, "both training jobs to run", 300)

    def wait_for_checkpoint(self):
        """Wait until the training of `ours` has kept more than the untrained network."""
        file = self.results / "checkpoints" / "ours_0" / "0.safetensors"

        def kept():
            if file.exists():
                with safe_open(file, "numpy") as checkpoint:
                    return '["epoch", 0]' not in checkpoint.metadata()["progress"]

        wait_until(kept, "a checkpoint", 120)

    def finish(self, process):
        """Wait for snakemake, which must succeed, and return what it said."""
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=600)
        process.kill()
        assert process.wait() == 0, self.said()
        return self.said()


def assert_went_on(results):
    """Fail unless the training of `ours` went on from the checkpoint of a run that was ended."""
    log = (results / "logs" / "train_ours_0.log").read_text()
    assert re.match(r"resuming after epoch [1-9]\d*, from a checkpoint\n", log), log[:200]


def contents(results):
    """Map every file of numbers to its bytes, without what tells of time and place."""
    found = {}
    for path in sorted(results.rglob("*.parquet")):
        table = pq.read_table(path).replace_schema_metadata(None)
        if "train_seconds" in table.column_names:
            table = table.drop_columns("train_seconds")
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
        found[str(path.relative_to(results))] = sink.getvalue().to_pybytes()
    for path in sorted(results.rglob("*.safetensors")):
        found[str(path.relative_to(results))] = path.read_bytes()
    return found


def assert_same_bits(results, expected):
    """Fail unless two folders hold the same numbers, bit for bit."""
    here, there = contents(results), contents(expected)
    assert there and here.keys() == there.keys()
    assert [name for name in there if here[name] != there[name]] == []


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """A Slurm of two nodes, stopped when the tests are over, whatever happened to them."""
    with PrivateSlurm(tmp_path_factory.mktemp("slurm") / "run") as slurm:
        yield slurm


@pytest.fixture
def cluster(slurm, tmp_path):
    """A checkout with two long training jobs, in which nothing has run; all nodes are idle."""
    slurm.wait_for_nodes()
    checkout = ClusterCheckout(make_checkout(tmp_path / "checkout").folder, slurm)
    checkout.configure(**LONG)
    yield checkout
    slurm.run("scancel", f"--user={slurm.user}")


@pytest.fixture
def local(tmp_path):
    """The same checkout without a cluster."""
    checkout = make_checkout(tmp_path / "checkout")
    checkout.configure(**LONG)
    return checkout


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory, worker_id):
    """Results of the two training jobs of an undisturbed local run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "undisturbed"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            checkout = make_checkout(folder)
            checkout.configure(**LONG)
            checkout.run(*TRAINING)
    return Checkout(folder).results
