"""Measure the overhead of a job, locally and on Slurm, do 1,000 runs on Slurm, and what grows.

Slurm is a private cluster of two nodes with two cores each, all on this machine. The data set is
the tiny one from the tests, so that hardly anything but the overhead is left. What grows with the
number of runs is measured up to 10,000, whose records are simulated where they are evaluated.
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

    def __init__(self, folder, seeds, seeds_per_job, **changes):
        folder.mkdir(parents=True)
        self.checkout = make_checkout(folder)
        self.checkout.configure(
            seeds=list(range(seeds)),
            seeds_per_job=seeds_per_job,
            comparisons=VARIANTS,
            **changes,
        )

    def simulate(self, runs):
        """Write the records of simulated runs in place of those that training would write."""
        folder = self.checkout.results
        command = [sys.executable, str(HERE / "simulate_runs.py"), "--folder", folder]
        subprocess.run([*command, "--runs", str(runs)], check=True, stderr=subprocess.DEVNULL)

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

    def jobs(self):
        """Read the wall seconds (`s`) and the memory in MB (`max_rss`) of all jobs."""
        files = (self.checkout.results / "logs").glob("*.benchmark.tsv")
        jobs = {file.name.split(".")[0]: pd.read_csv(file, sep="\t").iloc[0] for file in files}
        return pd.DataFrame(jobs).T

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


def overhead(folder, executor, seeds, blocks=5, runs=None):
    """Run jobs of `seeds` seeds, two at once, and measure where their time goes.

    There are `blocks` for each variant, so that the seconds in which Slurm counts average out. The
    experiment may have more `runs`, which are planned and not trained.

    Returns
    -------
    dict
        Mean wall seconds of a job: `queue`, `start` (of the snakemake processes in it), `script`
        (imports, reading and writing), `training`; and, on Slurm, the wall seconds of the whole
        run, which include snakemake's own start and its waiting between looks at the queue.
    """
    experiment = Experiment(folder / "checkout", runs // 4 if runs else blocks * seeds, seeds)
    experiment.run("--cores", "2", "--until", "prepare")
    names = [name for pair in VARIANTS.values() for name in pair]
    rules = [f"train_{name}_{block}" for name in names for block in range(blocks)]
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


def evaluation(folder, runs):
    """Let the workflow evaluate simulated runs: all curves, tables, figures and pages but parity's.

    Returns
    -------
    dict
        Wall seconds of the scripts, one after the other, without `replay`, which trains; the memory
        in MB of the one that takes most; and the seconds and the memory of some of them.
    """
    experiment = Experiment(folder, runs // 4, 25, training={"epochs": 20})
    experiment.run("--cores", "1", "data")
    experiment.simulate(runs)
    pages = [f"results/tiny/{name}.html" for name in ("report", "interactive")]
    experiment.run("--cores", "1", "tables", "figures", *pages)
    jobs = experiment.jobs()
    jobs = jobs[~jobs.index.str.startswith("replay")]
    some = jobs.loc[["collect", "curves", "equivalence", "interactive", "report"]]
    return {
        "scripts_seconds": jobs["s"].sum(),
        "memory_mb": jobs["max_rss"].max(),
        **{f"{name}_seconds": row["s"] for name, row in some.iterrows()},
        **{f"{name}_mb": row["max_rss"] for name, row in some.iterrows()},
    }


def growth(folder, runs):
    """Measure what grows with the number of runs: planning, the start of a job, evaluation."""
    plan = planning(folder / "plan", runs, 25)["cpu_seconds"]
    blocks = min(3, runs // 100)  # twelve jobs: Slurm counts whole seconds
    start = overhead(folder / "start", "slurm", 25, blocks, runs)["start"]
    about = {"runs": runs, "plan_cpu_seconds": plan, "start_seconds": start}
    return about | evaluation(folder / "evaluation", runs)


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
    """Measure and write cluster.json and cluster.md, or growth.json and growth.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seeds-per-job", type=int, default=50)
    parser.add_argument("--growth", type=int, nargs="+", help="measure only how these runs grow")
    arguments = parser.parse_args()
    if missing := missing_packages():
        sys.exit(missing)
    load = os.getloadavg()[0]
    if arguments.growth:
        with tempfile.TemporaryDirectory() as name:
            rows = [growth(Path(name) / str(runs), runs) for runs in arguments.growth]
        about = provenance()
        text = (
            "A dry run (CPU s), the start of a Slurm job (s), and the scripts after training on\n"
            "simulated runs, one after another (s), with the largest memory of one (MB); then\n"
            f"some of them:\n\n{table(rows)}\n\n{about['cpu']}, {os.cpu_count()} cores.\n"
        )
        publish("growth", {"about": about, "load": load, "rows": rows}, text)
        return
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
