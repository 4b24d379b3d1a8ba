"""Time an epoch of the lab's loop beside a shadow: what `descent.shadow` costs.

The same loop runs with and without a shadow, in turn, in one process; each round gives a ratio. It
runs on images one at a time from a DataLoader, as in the lab, and on one tensor, where next to
nothing but the training itself takes time.
"""

import argparse
import contextlib
import itertools
import statistics
import tempfile
import time

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from tabulate import tabulate

import descent
from descent.data.idx import raw_folder, write_idx
from descent.provenance import provenance
from engines import BATCH_SIZE, LEARNING_RATE, initial_layers
from publish import publish

MOMENTUM = 0.9
SHADOWS = {
    "none": None,
    "every step": {},
    "every=10": {"every": 10},
    'every=10, follow="user"': {"every": 10, "follow": "user"},
}


def write_data(folder, n_batches):
    """Write random images as large as those of MNIST, in its files."""
    random = np.random.default_rng(0)
    for part, n in (("train", n_batches * BATCH_SIZE), ("t10k", 1)):
        images, labels = random.integers(256, size=(n, 28, 28)), random.integers(10, size=n)
        write_idx(raw_folder(folder) / f"{part}-images-idx3-ubyte", images)
        write_idx(raw_folder(folder) / f"{part}-labels-idx1-ubyte", labels)


def make_epoch(batches, options):
    """Return a function that trains for an epoch, with a shadow if there are options for one."""
    names = [f"{kind}{layer}" for layer in range(3) for kind in "Wb"]
    values = itertools.chain.from_iterable(initial_layers())
    w = {
        name: torch.from_numpy(value).requires_grad_()
        for name, value in zip(names, values, strict=True)
    }
    velocities = {name: torch.zeros_like(parameter) for name, parameter in w.items()}
    shadow = contextlib.nullcontext()
    if options is not None:
        rule = {"lr": LEARNING_RATE, "momentum": MOMENTUM}
        shadow = descent.shadow(w, torch.optim.SGD, **rule, **options)

    def epoch():
        for images, labels in batches:
            hidden = torch.relu(images.view(len(images), -1) @ w["W0"].T + w["b0"])
            logits = torch.relu(hidden @ w["W1"].T + w["b1"]) @ w["W2"].T + w["b2"]
            loss = F.cross_entropy(logits, labels)
            loss.backward()
            with shadow, torch.no_grad():
                for name, parameter in w.items():
                    velocities[name].mul_(MOMENTUM).add_(parameter.grad)
                    parameter -= LEARNING_RATE * velocities[name]
                    parameter.grad.zero_()
            loss.item()
        if options is not None and not shadow.report():
            raise RuntimeError(f"the loop is right, but: {shadow.report()}")

    return epoch


def measure(batches, rounds):
    """Return milliseconds per step, and what each shadow adds to them, as rows."""
    epochs = {name: make_epoch(batches, options) for name, options in SHADOWS.items()}
    seconds = {name: [] for name in epochs}
    for _ in range(1 + rounds):
        for name, epoch in epochs.items():
            start = time.perf_counter()
            epoch()
            seconds[name].append((time.perf_counter() - start) / len(batches))
    seconds = {name: found[1:] for name, found in seconds.items()}  # the first one warms up
    for name, found in seconds.items():
        ratios = [one / alone for one, alone in zip(found, seconds["none"], strict=True)]
        added = 100 * (statistics.median(ratios) - 1)
        of_minima = 100 * (min(found) / min(seconds["none"]) - 1)
        yield {"shadow": name, "ms": 1000 * min(found), "added %": added, "of minima %": of_minima}


def main():
    """Measure and write shadow.json and shadow.md."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batches", type=int, default=40, help="per epoch")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        write_data(folder, arguments.batches)
        loader, _ = descent.loaders(folder, batch_size=BATCH_SIZE)
        loops = {"lab's loop": loader, "tensor loop": [*loader]}
        rows = [
            {"loop": name, **row}
            for name, batches in loops.items()
            for row in measure(batches, arguments.rounds)
        ]
    about = provenance()
    table = tabulate(
        pd.DataFrame(rows),
        "keys",
        "github",
        showindex=False,
        floatfmt=("", "", ".2f", ".1f", ".1f"),
    )
    text = (
        "What a shadow adds to the time of a step (784-100-100-10, mini-batches of "
        f"{BATCH_SIZE}, hand-written\nmomentum, one core): the median over {arguments.rounds} "
        f"rounds, and the ratio of the minima.\n\n{table}\n\n{about['cpu']}; torch "
        f"{about['torch']}.\n"
    )
    publish("shadow", {"about": about, "shadow": rows}, text)


if __name__ == "__main__":
    main()
