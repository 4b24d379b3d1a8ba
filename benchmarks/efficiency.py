"""Run the default experiment from scratch, and report where the cores' time goes.

The efficiency is the share of the cores' time that the limit, matrix products alone, would take:
(runs x epochs x seconds of the limit per epoch) / (cores x wall seconds of snakemake).
"""

import argparse
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import yaml
from tabulate import tabulate

from descent.experiment.plan import seed_blocks, variants
from descent.provenance import provenance
from publish import publish

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results" / "efficiency"
CONFIG = yaml.safe_load((HERE.parent / "config" / "config.yaml").read_text())
VARIANTS = variants(CONFIG)
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--config", "name=efficiency", "--cores"]
#: What a training job imports, including pandas for its records; `torch.optim` imports the last
#: module when an optimizer is made.
IMPORTS = {
    "scratch": "import descent.training.loop, descent.records, pandas",
    "torch": "import descent.training.loop, descent.records, pandas, torch._dynamo",
}
_REPEATS = 5


def limit_seconds(folder):
    """Time an epoch of the matrix products alone, the median of several."""
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    from engines import limit  # here, because each process has its own torch

    epoch, _ = limit.prepare(folder, momentum=0)
    return statistics.median(timed(epoch) for _ in range(_REPEATS + 1))


def evaluation_seconds(folder):
    """Time the evaluation of a job's seeds after one epoch."""
    import torch

    from descent import model
    from descent.data import prepared as data
    from descent.training.seeding import generator
    from engines import prepared_file

    torch.set_num_threads(1)
    prepared = data.load_prepared(prepared_file(folder))
    images = data.normalize(prepared.test_images, prepared.normalization)
    sizes = model.layer_sizes(images.shape[1], CONFIG["model"]["hidden"], prepared.n_classes)
    generators = [generator(0, "initialization", "any", seed) for seed in CONFIG["seeds"]]
    arguments = model.initialize(sizes, generators), images, prepared.test_labels
    batch_size = CONFIG["evaluation"]["batch_size"]
    return statistics.median(
        timed(lambda: model.evaluate(*arguments, batch_size)) for _ in range(_REPEATS)
    )


def import_seconds(code):
    """Time a Python process that runs some imports and ends as a training job does."""
    begin = "from descent.process import Process; process = Process()"
    command = [sys.executable, "-c", f"{begin}; {code}; process.status = 0"]
    return statistics.median(
        timed(lambda: subprocess.run(command, check=True)) for _ in range(_REPEATS)
    )


def timed(function):
    """Return the wall seconds of a call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def at_once(function, folder, n):
    """Call a function with the folder in `n` new processes at once; return their results."""
    with multiprocessing.get_context("spawn").Pool(n) as pool:
        return pool.map(function, [folder] * n, chunksize=1)


def read_jobs():
    """Read the benchmark files that Snakemake wrote: a row for each job, the longest first."""
    files = sorted(RESULTS.glob("logs/*.benchmark.tsv"))
    jobs = pd.concat(
        [pd.read_csv(file, sep="\t").assign(job=file.name.split(".")[0]) for file in files]
    )
    return jobs.sort_values("s", ascending=False)[["job", "s", "max_rss"]]


def check_train_seconds(jobs, imports, evaluation):
    """Compare each training job's wall time with its recorded time plus import and evaluation.

    Returns
    -------
    list of dict
        A row for each training job; `rest` is the share of its wall time not accounted for.
    """
    rows = []
    for job, wall in jobs.set_index("job")["s"].items():
        if not job.startswith("train_"):
            continue
        variant, block = job.removeprefix("train_").rsplit("_", 1)
        seeds = list(seed_blocks(CONFIG["seeds"], CONFIG["seeds_per_job"]))[int(block)]
        imported = imports[VARIANTS[variant]["optimizer"].partition(".")[0]]
        epochs = pd.concat(
            pd.read_parquet(RESULTS / "epochs" / variant / f"seed_{seed}.parquet") for seed in seeds
        )
        trained = epochs["train_seconds"].sum()  # divided by the number of seeds of the job
        evaluated = evaluation * epochs["epoch"].nunique()
        rows.append(
            {
                "job": job,
                "wall": wall,
                "train_seconds": trained,
                "import": imported,
                "evaluation": evaluated,
                "rest": 1 - (trained + imported + evaluated) / wall,
            }
        )
    return rows


def main():
    """Measure and write efficiency.json and efficiency.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="of the data set, with its prepared tensors")
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    folder, cores = arguments.folder, arguments.cores
    alone = at_once(limit_seconds, folder, 1)
    busy = statistics.mean(at_once(limit_seconds, folder, cores))
    imports = {kind: import_seconds(code) for kind, code in IMPORTS.items()}
    evaluation = at_once(evaluation_seconds, folder, cores)
    shutil.rmtree(RESULTS, ignore_errors=True)
    wall = timed(lambda: subprocess.run([*SNAKEMAKE, str(cores)], check=True))
    alone += at_once(limit_seconds, folder, 1)
    jobs = read_jobs()
    limit = statistics.mean(alone)
    n_runs = len(CONFIG["seeds"]) * len(VARIANTS)
    epochs = n_runs * CONFIG["training"]["epochs"]
    result = {
        "about": provenance(),
        "cores": cores,
        "wall_seconds": wall,
        "limit_seconds": limit,
        "limit_seconds_all_cores_busy": busy,
        "efficiency": epochs * limit / (cores * wall),
        "efficiency_all_cores_busy": epochs * busy / (cores * wall),
        "jobs": jobs.to_dict("records"),
        "train_seconds": check_train_seconds(jobs, imports, statistics.mean(evaluation)),
    }
    publish("efficiency", result, describe(result))


def describe(result):
    """Format the result as Markdown."""
    total = result["cores"] * result["wall_seconds"]
    jobs = pd.DataFrame(result["jobs"])
    rows = [
        (row.job, row.s, f"{row.s / total:.1%}", row.max_rss)
        for row in jobs.itertuples(index=False)
    ]
    rest = total - jobs["s"].sum()
    rows.append(
        ("no job: planning, starting, waiting for the last job", rest, f"{rest / total:.1%}", None)
    )
    headings = ["job", "wall (s)", "share of core time", "peak memory (MB)"]
    checks = pd.DataFrame(result["train_seconds"])
    alone = f"{result['efficiency']:.2f} if the limit takes {result['limit_seconds']:.3f} s"
    busy = (
        f"{result['efficiency_all_cores_busy']:.2f} if it takes "
        f"{result['limit_seconds_all_cores_busy']:.3f} s"
    )
    return "\n".join(
        [
            f"The default experiment on {result['cores']} cores, starting with the data but "
            f"without results: {result['wall_seconds']:.0f} s.",
            f"Efficiency: {alone} per epoch, measured alone; {busy}, measured with every core "
            "busy.\n",
            tabulate(rows, headings, tablefmt="github", floatfmt=("", ".1f", "", ".0f")),
            "\nWhere the wall time of the training jobs goes, in seconds. `train_seconds` comes "
            "from their records; `rest` is the share that nothing accounts for:\n",
            tabulate(checks, "keys", tablefmt="github", showindex=False, floatfmt=".2f"),
            f"\n{result['about']['cpu']}; Python {result['about']['python']}, "
            f"torch {result['about']['torch']}.\n",
        ]
    )


if __name__ == "__main__":
    main()
