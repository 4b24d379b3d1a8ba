"""Measure the overhead of a job, locally and on Slurm, and do 1,000 runs on Slurm.

Slurm is a private cluster of two nodes with two cores each, all on this machine. The data set is
the tiny one from the tests, so that hardly anything but the overhead is left.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml
from tabulate import tabulate

from checkouts import make_checkout
from descent.provenance import provenance
from private_slurm import PrivateSlurm, missing_packages
from publish import publish

HERE = Path(__file__).parent
VARIANTS = yaml.safe_load((HERE.parent / "config" / "config.yaml").read_text())["comparisons"]
PER_JOB = (1, 5, 25)
PROFILE = ["--workflow-profile", "profiles/slurm", "--slurm-keep-successful-logs"]


class Experiment:
    """A checkout with the four variants of the lab on tiny data, two epochs each."""

    def __init__(self, folder, seeds, seeds_per_job):
        folder.mkdir(parents=True)
        self.checkout = make_checkout(folder)
        self.checkout.configure(
            seeds=list(range(seeds)),
            seeds_per_job=seeds_per_job,
            comparisons=VARIANTS,
        )

    def run(self, *arguments, environment=None):
        """Run snakemake, which must succeed; return its output, wall and CPU seconds."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        process = subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments, "--configfile", "tiny.yaml"],
            cwd=self.checkout.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode:
            sys.exit(process.stdout)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return process.stdout, wall, cpu

    def script_seconds(self):
        """Read the mean wall seconds of the training scripts, and of the training within them."""
        scripts = [
            pd.read_csv(file, sep="\t")["s"].item()
            for file in self.checkout.results.rglob("train_*.benchmark.tsv")
        ]
        epochs = pd.read_parquet(self.checkout.results / "epochs", columns=["train_seconds"])
        return sum(scripts) / len(scripts), epochs["train_seconds"].sum() / len(scripts)


def slurm_seconds(slurm):
    """Read from Slurm how many seconds its finished jobs waited and ran, on average."""
    jobs = slurm.output("scontrol", "--oneliner", "show", "job").splitlines()
    waited, ran = [], []
    for job in jobs:
        submit, start, end = (
            pd.Timestamp(re.search(rf" {name}Time=(\S+)", job)[1])
            for name in ("Submit", "Start", "End")
        )
        waited.append((start - submit).total_seconds())
        ran.append((end - start).total_seconds())
    return sum(waited) / len(jobs), sum(ran) / len(jobs)


def overhead(folder, executor, seeds):
    """Run one job of `seeds` seeds per variant, two at once, and measure where the time goes.

    Returns
    -------
    dict
        Mean wall seconds of a job: `queue`, `start` (of the snakemake processes in it), `script`
        (imports, reading and writing), `training`; and, on Slurm, the wall seconds of the whole
        run, which include snakemake's own start and its waiting between looks at the queue.
    """
    experiment = Experiment(folder / "checkout", seeds, seeds)
    experiment.run("--cores", "2", "--until", "prepare")
    rules = [f"train_{name}_0" for pair in VARIANTS.values() for name in pair]
    if executor == "local":
        experiment.run("--cores", "2", *rules)
        script, training = experiment.script_seconds()
        return {"queue": 0, "start": 0, "script": script - training, "training": training}
    with PrivateSlurm(folder / "slurm") as slurm:
        _, wall, _ = experiment.run(*PROFILE, "--jobs", "2", *rules, environment=slurm.environment)
        queue, ran = slurm_seconds(slurm)
    script, training = experiment.script_seconds()
    return {
        "queue": queue,
        "start": ran - script,
        "script": script - training,
        "training": training,
        "whole_run": wall,
    }


def planning(folder, runs, seeds_per_job):
    """Time a dry run in CPU seconds, which other work on the machine does not affect."""
    experiment = Experiment(folder, runs // 4, seeds_per_job)
    said, _, cpu = experiment.run("--cores", "1", "--dry-run", "--quiet", "reason")
    return {
        "runs": runs,
        "seeds_per_job": seeds_per_job,
        "jobs": int(re.search(r"^total +(\d+)$", said, re.MULTILINE)[1]),
        "cpu_seconds": cpu,
    }


def thousand(folder, runs, seeds_per_job):
    """Do many runs through Slurm; all of them must be there at the end."""
    experiment = Experiment(folder / "checkout", runs // 4, seeds_per_job)
    with PrivateSlurm(folder / "slurm") as slurm:
        _, wall, _ = experiment.run(*PROFILE, environment=slurm.environment)
        queue, ran = slurm_seconds(slurm)
    results = experiment.checkout.results
    there = len(pd.read_parquet(results / "epochs")[["variant", "seed"]].drop_duplicates())
    assert there == runs // 4 * 4, f"{there} of {runs} runs are there"
    return {
        "runs": there,
        "seeds_per_job": seeds_per_job,
        "jobs": len(list(results.rglob("train_*.benchmark.tsv"))),
        "files": sum(path.is_file() for path in results.rglob("*")),
        "wall_seconds": wall,
        "queue_seconds_per_job": queue,
        "seconds_per_job": ran,
        "verdicts": pd.read_csv(results / "tables" / "equivalence.csv")["verdict"].tolist(),
    }


def table(rows):
    """Format rows as Markdown, with one decimal."""
    return tabulate(rows, "keys", "github", floatfmt=".1f")


def main():
    """Measure and write cluster.json and cluster.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seeds-per-job", type=int, default=50)
    arguments = parser.parse_args()
    if missing := missing_packages():
        sys.exit(missing)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jobs = [
            {"executor": executor, "seeds_per_job": seeds}
            | overhead(folder / f"{executor}{seeds}", executor, seeds)
            for executor in ("local", "slurm")
            for seeds in PER_JOB
        ]
        plans = [
            planning(folder / f"plan{runs}_{seeds}", runs, seeds)
            for runs, seeds in ((1000, 25), (4000, 25), (10000, 25), (10000, 250))
        ]
        record = thousand(folder / "thousand", arguments.runs, arguments.seeds_per_job)
    about = provenance()
    text = (
        f"Where the time of a job goes, in seconds, with two jobs at once:\n\n{table(jobs)}\n\n"
        f"A dry run:\n\n{table(plans)}\n\n"
        f"A run through Slurm, including everything after the training:\n\n{table([record])}\n\n"
        f"{about['cpu']}, {os.cpu_count()} cores, load {load:.1f} from other work at the start.\n"
    )
    result = {"about": about, "load": load, "jobs": jobs, "plans": plans, "record": record}
    publish("cluster", result, text)


if __name__ == "__main__":
    main()
