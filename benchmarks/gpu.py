"""Measure how fast stacks of networks train on a GPU, and check their bits.

    make benchmark-gpu

trains the lab's network, with momentum and float32 throughout, for 20 epochs on MNIST, and writes
gpu.json and gpu.md. To try this page out where there is no GPU:

    python benchmarks/gpu.py data/digits --device cpu --stacks 1 3 --epochs 1 --output results
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from tabulate import tabulate
from tqdm import tqdm

from descent.data.prepared import load_prepared
from descent.errors import DescentError
from descent.provenance import provenance
from descent.training.device import resolve
from descent.training.loop import train
from descent.training.settings import TrainingSettings
from engines import BATCH_SIZE, HIDDEN, prepared_file
from gpu_ways import RULE, plain_torch, products, torch_func
from publish import publish

#: Sizes of the stacks whose speed is measured.
STACKS = (1, 10, 50, 100, 250, 500, 1000)

#: Numbers of seeds that are trained in a stack of a fixed size, the last one.
FILLED = (1, 7, 64)

#: By how much the losses of a GPU may differ from those of the CPU, over so many iterations.
AGREEMENT = {1: 1e-6, 10: 1e-5, 100: 1e-3}

#: The columns of the table of speed: what is in the JSON, and as what it is shown.
COLUMNS = {
    "stack": "stack of",
    "engine": "this engine",
    "epochs": "without evaluation",
    "products": "products alone",
    "to_products": "times the products",
    "plain_torch": "one seed at a time",
    "torch_func": "torch.func",
    "jax": "JAX",
}


def train_stack(data, device, seeds, stack_size, epochs):
    """Train as a job of the workflow does; return the runs."""
    training = TrainingSettings(
        root_seed=0,
        seeding="independent",
        hidden=HIDDEN,
        batch_size=BATCH_SIZE,
        threads=1,
        device=device,
    )
    with contextlib.redirect_stdout(io.StringIO()):
        return train(
            data,
            "gpu",
            {"optimizer": "scratch.sgd_momentum", **RULE},
            list(seeds),
            training=training,
            epochs=epochs,
            evaluation_batch_size=256,
            stack_size=stack_size,
        )


def speed_of_engine(data, device, n, epochs):
    """Return the networks per second of whole trainings, and those of their epochs alone."""
    start = time.perf_counter()
    first, *_ = train_stack(data, device, range(n), n, epochs)
    return n / (time.perf_counter() - start), 1 / sum(first.train_seconds)


def speed_of(way, data, n, epochs):
    """Return the networks per second, from the median time of an epoch."""
    epoch, seconds = way(data, n), []
    for _ in range(4):
        start = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - start)
    return n / (epochs * statistics.median(seconds[1:]))


def speed_of_jax(folder, device, stacks, epochs):
    """Return the networks per second for each stack, and why there are none for some."""
    if find_spec("jax") is None:
        return {}, "it is not installed"
    command = [sys.executable, Path(__file__).with_name("gpu_jax.py"), folder, device]
    environment = os.environ | ({"JAX_PLATFORMS": "cpu"} if device == "cpu" else {})
    done = subprocess.run(
        [*command, *map(str, stacks)], env=environment, capture_output=True, text=True
    )
    timed = map(json.loads, done.stdout.splitlines())
    figures = {n: n / (epochs * statistics.median(seconds[1:])) for n, seconds in timed}
    return figures, done.stderr.strip().splitlines()[-1] if done.returncode else None


def measure_speed(folder, data, device, stacks, epochs):
    """Measure every way for every stack: a list of rows, and what failed, by its column."""
    on_device, rows, problems = data.to(device), [], {}
    train_stack(data, device, [0], 1, 1)  # loads the libraries of the GPU
    for n in tqdm(stacks, unit="stack"):
        row = {"stack": n}
        try:
            row["engine"], row["epochs"] = speed_of_engine(data, device, n, epochs)
        except RuntimeError as error:
            problems["engine"] = f"stack of {n}: {first_line(error)}"
        for way in (products, torch_func, *([plain_torch] if n == 1 else [])):
            try:
                row[way.__name__] = speed_of(way, on_device, n, epochs)
            except RuntimeError as error:  # what does not fit loses no other figure
                problems[way.__name__] = f"stack of {n}: {first_line(error)}"
        if "epochs" in row and "products" in row:
            row["to_products"] = row["products"] / row["epochs"]
        rows.append(row)
        tqdm.write(str(row), sys.stderr)  # not lost if what follows is stopped
    if device == "cuda":
        torch.cuda.empty_cache()  # for JAX
    figures, problem = speed_of_jax(folder, device, stacks, epochs)
    if problem:
        problems["jax"] = problem
    for row in rows:
        row["jax"] = figures.get(row["stack"])
    return rows, problems


def first_line(error):
    """Shorten a message of torch."""
    return str(error).partition("\n")[0]


def bits(run):
    """Return the bytes of what a run recorded, and of its weights."""
    arrays = [*run.iterations.values(), *(p.numpy() for p in run.parameters.values())]
    return [array.tobytes() for array in arrays]


def compare_bits(data, device):
    """Train some seeds in stacks that are filled up, the largest number twice."""
    *fewer, size = FILLED
    whole = [bits(run) for run in train_stack(data, device, range(size), size, 1)]
    return [
        {
            "seeds": n,
            "stack": size,
            "same": [bits(run) for run in train_stack(data, device, range(n), size, 1)]
            == whole[:n],
        }
        for n in (*fewer, size)
    ]


def compare_with_cpu(data, device):
    """Return the largest relative difference of the losses in the first iterations."""
    n_images = max(AGREEMENT) * BATCH_SIZE
    first = replace(
        data, train_images=data.train_images[:n_images], train_labels=data.train_labels[:n_images]
    )
    losses, expected = (
        np.stack([run.iterations["train_loss"] for run in train_stack(first, on, range(4), 4, 1)])
        for on in (device, "cpu")
    )
    differences = np.abs(losses / expected.astype(float) - 1)
    return [
        {"iterations": n, "difference": float(differences[:, :n].max()), "allowed": allowed}
        for n, allowed in AGREEMENT.items()
    ]


def show(value):
    """Show a number with three digits, and what is missing as a dash."""
    if isinstance(value, float):
        return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    return "-" if value is None else str(value)


def page_of(result):
    """Write the page."""

    def table(heads, rows):
        shown = [[show(value) for value in row] for row in rows]
        return tabulate(shown, heads, tablefmt="github", disable_numparse=True)

    about = result["about"]
    speed = table(COLUMNS.values(), [[row.get(key) for key in COLUMNS] for row in result["speed"]])
    same = table(
        ["seeds", "in a stack of", "bits, and those in the full stack"],
        [[r["seeds"], r["stack"], "same" if r["same"] else "DIFFERENT"] for r in result["bits"]],
    )
    agreement = table(
        ["iterations", "largest difference of a loss", "allowed"],
        [row.values() for row in result["agreement"]],
    )
    problems = "".join(
        f"Not measured, {COLUMNS[way]}: {problem}.\n\n"
        for way, problem in result["problems"].items()
    )
    return (
        "# Networks on a GPU\n\n"
        f"{about['device_name']}; {about['cpu']}; torch {about['torch']}, CUDA {about['cuda']}. "
        f"`make benchmark-gpu`, {about['minutes']} minutes.\n\n"
        f"Networks per second, of {about['epochs']} epochs each: mini-batches of {BATCH_SIZE}, SGD "
        "with momentum, float32 without TF32, with the\nloss and accuracy of every mini-batch. "
        "*This engine* is timed over a whole training with its evaluation, the others\nover an "
        f"epoch, as the median of three.\n\n{speed}\n\n{problems}"
        f"The same seeds in stacks that are filled up, after an epoch:\n\n{same}\n\n"
        f"Losses on this device and on the CPU, relative, over the first iterations of four seeds:"
        f"\n\n{agreement}\n"
    )


def main():
    """Measure, write gpu.json and gpu.md, and fail if the bits or the losses are wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", help="of the data set, with its prepared tensors")
    parser.add_argument("--device", default="cuda", choices=["cpu", "cuda"])
    parser.add_argument("--stacks", nargs="+", type=int, default=STACKS)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--output", default=Path(__file__).parent, help="folder of the page")
    arguments = parser.parse_args()
    device, start = arguments.device, time.perf_counter()
    try:
        resolve(device, "--device")
        data = load_prepared(prepared_file(arguments.folder))
        speed, problems = measure_speed(
            arguments.folder, data, device, arguments.stacks, arguments.epochs
        )
        result = {
            "speed": speed,
            "problems": problems,
            "bits": compare_bits(data, device),
            "agreement": compare_with_cpu(data, device),
        }
    except DescentError as error:
        sys.exit(str(error))
    about = provenance(device) | {
        "cuda": torch.version.cuda,
        "epochs": arguments.epochs,
        "minutes": round((time.perf_counter() - start) / 60, 1),
    }
    result = {"about": about} | result
    publish("gpu", result, page_of(result), arguments.output)
    wrong = [f"speed, {problems['engine']}"] if "engine" in problems else []
    wrong += [f"bits of {row['seeds']} seeds" for row in result["bits"] if not row["same"]]
    wrong += [
        f"losses over {row['iterations']} iterations"
        for row in result["agreement"]
        if not row["difference"] <= row["allowed"]  # not "greater than": it may be NaN
    ]
    if wrong:
        sys.exit(f"not as promised: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
