"""Time the Snakemake rules after training on simulated runs; measure memory, also of training.

Every script of `workflow/scripts/` runs in a new process, as Snakemake runs it, with everything it
imports and reads.
"""

import argparse
import multiprocessing
import os
import runpy
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import yaml
from tabulate import tabulate

from descent.metrics import TRAIN_METRICS
from descent.provenance import provenance
from descent.training.settings import TrainingSettings
from engines import prepared_file
from publish import publish

HERE = Path(__file__).parent
SCRIPTS = HERE.parent / "workflow" / "scripts"
CONFIG = yaml.safe_load((HERE.parent / "config" / "config.yaml").read_text())


def run_script(name, job):
    """Run a script with `job` as its `snakemake` in a new process, which it may end.

    Returns
    -------
    seconds : float
        Wall time, including the start of the process and its imports.
    memory : float
        Peak of the process, MB.
    """
    arguments = str(SCRIPTS / f"{name}.py"), {"snakemake": SimpleNamespace(**job)}
    process = multiprocessing.get_context("spawn").Process(target=runpy.run_path, args=arguments)
    start = time.perf_counter()
    process.start()
    _, status, usage = os.wait4(process.pid, 0)  # instead of `join`, to get its memory
    if status != 0:
        sys.exit(f"{name}.py failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def write_simulated(folder, n_runs):
    """Write simulated runs in a new process and return their seeds."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as pool:
        return pool.submit(simulate, folder, n_runs).result()


def simulate(folder, n_runs):
    """Write simulated runs and return their seeds."""
    import simulate_runs  # here, because a process starts with the peak memory of its parent

    return simulate_runs.write(folder, n_runs)


def evaluate(folder, n_runs):
    """Run the scripts `collect`, `curves`, `final_accuracy` and `overlay` on simulated runs.

    Parameters
    ----------
    folder : pathlib.Path
        Empty; the runs are written into it.
    n_runs : int

    Returns
    -------
    list of dict
        Script, seconds, and peak memory in MB.
    """
    expected = write_simulated(folder, n_runs)
    params = {"expected": expected, **CONFIG["curves"]}
    log = [str(folder / "log.txt")]
    curves, accuracy = str(folder / "curves.parquet"), str(folder / "final_accuracy.csv")
    collected = str(folder / "epochs.parquet")

    def records(kind):
        files = [
            f"{folder}/{kind}/{name}/seed_{k}.parquet" for name in expected for k in expected[name]
        ]
        return SimpleNamespace(runs=files)

    jobs = [
        ("collect", {"input": records("epochs"), "output": [collected], "params": params}),
        ("curves", {"input": records("iterations"), "output": [curves], "params": params}),
        (
            "final_accuracy",
            {
                "input": SimpleNamespace(runs=collected),
                "output": {
                    "csv": accuracy,
                    "markdown": str(folder / "final_accuracy.md"),
                    "latex": str(folder / "final_accuracy.tex"),
                },
                "params": params | {"variants": list(expected)},
            },
        ),
    ]
    for comparison, variants in CONFIG["comparisons"].items():
        for metric in TRAIN_METRICS:
            figure = f"{folder}/{metric}_{comparison}"
            overlay = {
                "input": SimpleNamespace(curves=curves, accuracy=accuracy),
                "output": [f"{figure}.{kind}" for kind in ("png", "svg", "pdf")],
                "params": params
                | {
                    "variants": list(variants),
                    "batch_size": CONFIG["training"]["batch_size"],
                    "experiment": "simulated runs",
                },
                "wildcards": SimpleNamespace(metric=metric),
            }
            jobs.append(("overlay", overlay))
    measured = []
    for name, job in jobs:
        job["params"] = SimpleNamespace(**job["params"])
        seconds, memory = run_script(name, job | {"log": log})
        measured.append({"script": name, "seconds": seconds, "memory_mb": memory})
    return measured


def train(folder, data, seeds):
    """Run the script of a training job for one epoch.

    Parameters
    ----------
    folder : pathlib.Path
        To write into.
    data : str
        Folder of the data set.
    seeds : int
        The number of seeds that train together.

    Returns
    -------
    float
        Peak memory, MB.
    """
    output = {
        kind: [f"{folder}/{kind}/seed_{seed}.{suffix}" for seed in range(seeds)]
        for kind, suffix in (
            ("iterations", "parquet"),
            ("epochs", "parquet"),
            ("weights", "safetensors"),
        )
    }
    job = {
        "input": SimpleNamespace(
            prepared=prepared_file(data), code=[], rule=[], network=[], selected=[]
        ),
        "output": SimpleNamespace(**output),
        "params": SimpleNamespace(
            training={
                "variant": "momentum_scratch",
                "settings": CONFIG["comparisons"]["momentum"]["momentum_scratch"],
                "epochs": 1,
                "evaluation_batch_size": CONFIG["evaluation"]["batch_size"],
                "training": TrainingSettings.from_config(CONFIG).given(),
            }
        ),
        "log": [f"{folder}/log.txt"],
    }
    return run_script("train", job)[1]


def main():
    """Measure and write scaling.json and scaling.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="folder of the data set, with its prepared tensors")
    parser.add_argument("--runs", type=int, nargs="+", default=[100, 300, 1000])
    arguments = parser.parse_args()
    evaluations, jobs = {}, {}
    for n_runs in arguments.runs:
        with tempfile.TemporaryDirectory() as folder:
            evaluations[n_runs] = evaluate(Path(folder), n_runs)
    for seeds in (1, 5, 20):
        with tempfile.TemporaryDirectory() as folder:
            jobs[seeds] = train(Path(folder), arguments.data, seeds)
    rows = []
    for n_runs, steps in evaluations.items():
        row = {"runs": n_runs}
        for name in ("collect", "curves", "final_accuracy", "overlay"):
            seconds = sum(step["seconds"] for step in steps if step["script"] == name)
            row[f"{name} (s)"] = f"{seconds:.1f}"
        row["total (s)"] = f"{sum(step['seconds'] for step in steps):.1f}"
        row["peak memory (MB)"] = f"{max(step['memory_mb'] for step in steps):.0f}"
        rows.append(row)
    training = [
        {"seeds": seeds, "peak memory (MB)": f"{memory:.0f}"} for seeds, memory in jobs.items()
    ]
    about = provenance()
    text = (
        "From the records of simulated runs to curves, a table and four figures, one job after\n"
        f"another:\n\n{tabulate(rows, 'keys', 'github', disable_numparse=True)}\n\n"
        f"A training job:\n\n{tabulate(training, 'keys', 'github', disable_numparse=True)}\n\n"
        f"{about['cpu']}.\n"
    )
    result = {"about": about, "evaluation": evaluations, "training_memory_mb": jobs}
    publish("scaling", result, text)


if __name__ == "__main__":
    main()
