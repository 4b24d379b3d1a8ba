"""Copies of this checkout with a tiny data set, in which tests run snakemake."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from forking import nursery
from tiny import write_tiny_idx

PROJECT = Path(__file__).parents[2]
TINY = {
    "name": "tiny",
    "dataset": {"name": "idx", "folder": "raw"},
    "seeds": [0, 1, 2],
    "seeds_per_job": 2,
    "model": {"hidden": [8]},
    "training": {"epochs": 2, "batch_size": 32},
    "curves": {"smoothing_window": 1},
    "parity": {"iterations": 20, "seeds": 2},
    "comparisons": {
        "pair": {
            "ours": {"optimizer": "scratch.sgd_momentum", "lr": 0.05, "momentum": 0.9},
            "theirs": {
                "optimizer": "torch.optim.SGD",
                "lr": 0.05,
                "momentum": 0.9,
                "reference": True,
            },
        }
    },
}


#: Snakemake rules that only collect targets.
TARGETS = {"default", "all", "train", "figures", "tables"}


@dataclass
class Checkout:
    """A copy of the project with the tiny data set and its configuration, tiny.yaml."""

    folder: Path

    @property
    def results(self):
        return self.folder / "results" / "tiny"

    def command(self, *arguments, cores=2):
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]
        return [*command, "--configfile", "tiny.yaml"]

    def environment(self):
        """Return the environment of a user who has installed nothing, and keeps byte code."""
        return {**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": ""}

    def snakemake(self, *arguments, cores=2):
        """Run snakemake and return the finished process, with its output as text in `stdout`.

        The process is forked from one that has imported Snakemake; `start_anew` starts a new one.
        """
        _, _, _, *given = self.command(*arguments, cores=cores)
        return nursery("snakemake").run(given, self.folder, self.environment())

    def start_anew(self, *arguments, cores=2):
        """Run snakemake as a user would, in a new interpreter."""
        return subprocess.run(
            self.command(*arguments, cores=cores),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(),
        )

    def run(self, *arguments, cores=2):
        """Run snakemake, which must succeed, and return its output."""
        process = self.snakemake(*arguments, cores=cores)
        assert process.returncode == 0, process.stdout
        return process.stdout

    def would_run(self, *arguments):
        """Map each Snakemake rule that would run to its number of jobs."""
        output = self.run("-n", *arguments)
        if "Nothing to be done" in output:
            return {}
        table = output.rpartition("Job stats:")[2].partition("\ntotal")[0]
        jobs = dict(re.findall(r"^(\S+) +(\d+)$", table, re.MULTILINE))
        return {rule: int(count) for rule, count in jobs.items() if rule not in TARGETS}

    def configure(self, **changes):
        (self.folder / "tiny.yaml").write_text(yaml.safe_dump({**TINY, **changes}))


def refusal(process):
    """Return the one line that snakemake said when it refused to start."""
    assert process.returncode != 0, process.stdout
    lines = [line for line in process.stdout.splitlines() if "profile" not in line]
    assert len(lines) == 1, process.stdout
    return lines[0]


def trains(jobs):
    """Keep only the training jobs of `would_run`."""
    return {rule: count for rule, count in jobs.items() if rule.startswith("train_")}


def make_checkout(folder):
    folder.mkdir(exist_ok=True)
    for name in ("Snakefile", "src", "workflow", "config", "profiles"):
        source = PROJECT / name
        if source.is_dir():
            # compiled modules, too, but not those that another process is about to rename
            left_out = shutil.ignore_patterns("*.pyc.*", "*.egg-info")
            shutil.copytree(source, folder / name, ignore=left_out)
        else:
            shutil.copy2(source, folder)
    write_tiny_idx(folder / "raw")
    checkout = Checkout(folder)
    checkout.configure()
    return checkout
