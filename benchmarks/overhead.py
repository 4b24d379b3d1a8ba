"""Time an iteration of five networks that compute next to nothing: the cost of its calls."""

import tempfile
import time
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import save_file
from tabulate import tabulate

from descent.provenance import provenance
from engines import BATCH_SIZE, descent_engine, operators
from publish import publish

ITERATIONS, ROUNDS, SEEDS = 200, 9, 5
TINY = {"seeds": SEEDS, "hidden": [8, 8]}
ENGINES = {
    "operators alone": lambda folder, momentum: operators.prepare(folder, momentum, **TINY),
    "hand-written": lambda folder, momentum: descent_engine.prepare(
        folder, momentum, "scratch.sgd_momentum" if momentum else "scratch.sgd", **TINY
    ),
    "torch.optim.SGD": lambda folder, momentum: descent_engine.prepare(
        folder, momentum, "torch.optim.SGD", **TINY
    ),
}


def write_tiny(file):
    """Write random prepared data, see `descent.data.prepare.prepare`, of images of four pixels."""
    random = torch.Generator().manual_seed(0)
    n = ITERATIONS * BATCH_SIZE
    images = torch.randint(256, (n, 4), dtype=torch.uint8, generator=random)
    labels = torch.randint(10, (n,), generator=random)
    tensors = {"train_images": images, "train_labels": labels}
    tensors |= {"test_images": images[:1].clone(), "test_labels": labels[:1].clone()}
    about = {"mean": "0.5", "std": "0.3", "n_classes": "10", "height": "2", "width": "2"}
    save_file(tensors, file, about)


def main():
    """Measure and write overhead.json and overhead.md."""
    with tempfile.TemporaryDirectory() as folder:
        write_tiny(Path(folder) / "prepared.safetensors")
        epochs = {
            (engine, momentum): prepare(folder, momentum)[0]
            for momentum in (0.0, 0.9)
            for engine, prepare in ENGINES.items()
        }
        seconds = {key: [] for key in epochs}
        for _ in range(1 + ROUNDS):
            for key, epoch in epochs.items():
                start = time.perf_counter()
                epoch()
                seconds[key].append(time.perf_counter() - start)
    rows = [
        # the first epoch warms up; the minimum, because disturbances only add time
        {"engine": engine, "momentum": momentum, "ms": 1000 * min(found[1:]) / ITERATIONS}
        for (engine, momentum), found in seconds.items()
    ]
    about = provenance()
    table = tabulate(
        pd.DataFrame(rows), "keys", "github", showindex=False, floatfmt=("", "g", ".2f")
    )
    text = (
        f"Milliseconds per iteration of {SEEDS} networks (4-8-8-10), {BATCH_SIZE} images each:\n\n"
        f"{table}\n\n{about['cpu']}; torch {about['torch']}.\n"
    )
    publish("overhead", {"about": about, "overhead": rows}, text)


if __name__ == "__main__":
    main()
