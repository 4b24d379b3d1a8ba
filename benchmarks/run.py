"""Time the peers, this project's engine and the limit, interleaved in one run on one core.

Every engine trains in its own process, one epoch per round, while all others wait. Disturbances of
the machine affect neighbors alike, so the ratios within a round are more reliable than the seconds.
Then come rounds beside a process on another core that streams through more memory than the caches
hold; and then everything trains on until the test accuracy has reached a target.
"""

import argparse
import importlib
import multiprocessing
import os
import platform
import random
import resource
import statistics
import sys
import time
from dataclasses import dataclass, field
from importlib import metadata

import numpy as np
from tqdm import tqdm

import engines
from descent.provenance import provenance
from publish import publish

MOMENTUM = 0.9
#: Of the test accuracy, which engines with momentum reach after some 15 epochs.
TARGET = 0.979
MOST_EPOCHS = 40
CONTENDED_ROUNDS = 5
STREAMED_MB = 64
PACKAGES = ["torch", "torchvision", "jax", "jaxlib", "optax", "keras", "scikit-learn", "numpy"]

#: By how many standard deviations an engine's mean training loss or accuracy of an epoch may differ
#: from the mean over our largest set of seeds: every engine has its own weights and random orders.
TOLERANCE = 5

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


@dataclass
class Entry:
    """An engine with its options, and what was measured.

    Attributes
    ----------
    name : str
        As shown in the table.
    module : str
        A module of `engines`.
    momentum : float
    rounds : int
        The largest number of timed epochs, after a first one that is not timed. With fewer than
        five, there are no contended rounds.
    seeds : int
        The number of seeds that train together.
    options : dict
        Arguments of the engine's `prepare`.
    seconds : list of float
        Per seed; one for each epoch, including the first.
    losses, accuracies : list of numpy.ndarray
        (seeds,), the mean over the mini-batches; one for each epoch, including the first.
    test_accuracies : list of numpy.ndarray
        (seeds,), after each of them.
    contended : list of float
        Seconds per seed of the contended rounds.
    memory : float
        Peak resident memory, MB.
    libraries : list of str
        The matrix libraries of the process and their threads.
    """

    name: str
    module: str
    momentum: float
    rounds: int
    seeds: int = 1
    options: dict = field(default_factory=dict)
    seconds: list = field(default_factory=list)
    losses: list = field(default_factory=list)
    accuracies: list = field(default_factory=list)
    test_accuracies: list = field(default_factory=list)
    contended: list = field(default_factory=list)
    memory: float = None
    libraries: list = None


def entries(rounds):
    """List what is timed; the slowest engines get fewer rounds."""
    few, fewer = min(rounds, 3), min(rounds, 2)
    listed = [
        Entry("limit", "limit", 0.0, rounds),
        Entry("limit, oneDNN", "limit", 0.0, rounds, options={"onednn": True}),
    ]
    for momentum in (0.0, MOMENTUM):
        listed += [
            Entry("lab's loop", "lab", momentum, fewer),
            Entry("tensor loop", "tensor_loop", momentum, rounds),
            Entry("torch.compile", "tensor_loop", momentum, rounds, options={"compiled": True}),
            Entry("JAX + optax", "jax_optax", momentum, rounds),
            Entry("scikit-learn", "sklearn_mlp", momentum, rounds),
            Entry("Keras (JAX)", "keras_fit", momentum, rounds),
        ]
        listed += [Entry("operators alone", "operators", momentum, rounds, 5, {"seeds": 5})]
        rule = "scratch.sgd_momentum" if momentum else "scratch.sgd"
        listed += [
            Entry(
                f"descent, {optimizer}",
                "descent_engine",
                momentum,
                few if seeds == 20 else rounds,
                seeds,
                {"optimizer": optimizer, "seeds": seeds},
            )
            for optimizer in (rule, "torch.optim.SGD")
            for seeds in (1, 5, 20)
        ]
    return listed


def serve(connection, module, arguments):
    """Train one epoch per request: the work of an engine's process.

    Parameters
    ----------
    connection : multiprocessing.connection.Connection
        Receives True for one more epoch, False to end; sends the seconds, losses, accuracies and
        test accuracies of each epoch, and at the end the peak memory in MB and the matrix libraries
        in use.
    module : str
        A module of `engines`.
    arguments : dict
        Arguments of its `prepare`.
    """
    epoch, predict = importlib.import_module(f"engines.{module}").prepare(**arguments)
    images, labels = engines.test_arrays(arguments["folder"])
    connection.send("ready")
    while connection.recv():
        start = time.perf_counter()
        losses, accuracies = epoch()
        seconds = time.perf_counter() - start
        right = None if predict is None else (predict(images) == labels).mean(-1)
        connection.send((seconds, losses, accuracies, right))
    from threadpoolctl import threadpool_info

    libraries = [
        " ".join(
            str(pool.get(key))
            for key in ("internal_api", "version", "architecture", "num_threads")
            if pool.get(key)
        )
        for pool in threadpool_info()
    ]
    connection.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, libraries))


def stream(core):
    """Read and write more memory than the caches hold, on another core, until the process ends."""
    os.sched_setaffinity(0, {core})
    numbers = np.ones((STREAMED_MB << 20) // 8)
    while True:
        numbers *= 1.0000001


def measure(entries, folder, minutes, other_core):
    """Fill the entries round by round, shuffled within each; start no round after `minutes`.

    The first epoch and one round are always run. There are no contended rounds if `other_core` is
    None.
    """
    deadline = time.monotonic() + 60 * minutes
    context = multiprocessing.get_context("spawn")
    rounds = max(entry.rounds for entry in entries)
    steady = [entry for entry in entries if entry.rounds >= 5]
    steps = sum(entry.rounds + 2 for entry in entries) + CONTENDED_ROUNDS * len(steady)
    workers = []
    with tqdm(total=steps, unit="step", smoothing=0.1, file=sys.stderr) as progress:
        for entry in entries:
            progress.set_description(f"start {entry.name}")
            connection, theirs = context.Pipe()
            arguments = {"folder": folder, "momentum": entry.momentum, **entry.options}
            process = context.Process(
                target=serve, args=(theirs, entry.module, arguments), daemon=True
            )
            process.start()
            theirs.close()  # so that a worker's end is noticed
            connection.recv()
            workers.append((entry, process, connection))
            progress.update()
        for number in range(rounds + 1):
            if number > 1 and time.monotonic() > deadline:
                break
            taking_part = [worker for worker in workers if number <= worker[0].rounds]
            for entry, _, connection in random.Random(number).sample(taking_part, len(taking_part)):
                progress.set_description(f"round {number}/{rounds}: {entry.name}")
                connection.send(True)
                record(entry, *connection.recv())
                progress.update()
        for entry in entries:
            entry.rounds = len(entry.seconds) - 1
        if other_core is not None:
            beside = context.Process(target=stream, args=(other_core,), daemon=True)
            beside.start()
            taking_part = [worker for worker in workers if worker[0] in steady]
            for number in range(CONTENDED_ROUNDS):
                for entry, _, connection in random.Random(number).sample(
                    taking_part, len(taking_part)
                ):
                    progress.set_description(f"contended round {number + 1}: {entry.name}")
                    connection.send(True)
                    record(entry, *connection.recv())
                    entry.contended.append(entry.seconds[-1])
                    progress.update()
            beside.terminate()
        for entry, _, connection in workers:
            if entry.module in ("limit", "operators") or not entry.momentum or entry.seeds == 20:
                continue
            progress.set_description(f"to the target: {entry.name}")
            while len(entry.seconds) < MOST_EPOCHS and not all(reached(entry)):
                connection.send(True)
                record(entry, *connection.recv())
        for entry, process, connection in workers:
            connection.send(False)
            entry.memory, entry.libraries = connection.recv()
            process.join()


def reached(entry):
    """Return the number of epochs after which each seed first reached the target; 0 for never."""
    there = np.array(entry.test_accuracies) >= TARGET
    return np.where(there.any(0), there.argmax(0) + 1, 0)


def to_target(entry):
    """Compute the mean over the seeds of the epochs and seconds to the target; None for never.

    The seconds are those of the usual rounds, because some epochs were contended, and of the first
    epoch, with its compilation.
    """
    epochs = reached(entry)
    if not all(epochs):
        return None, None
    first, usual = entry.seconds[0], statistics.median(entry.seconds[1 : entry.rounds + 1])
    return float(epochs.mean()), float(first + (epochs.mean() - 1) * usual)


def record(entry, seconds, losses, accuracies, test_accuracies):
    """Record an epoch, after checking the number of its mini-batches."""
    n_batches = losses.shape[-1], accuracies.shape[-1]
    if n_batches != (469, 469):
        sys.exit(f"{entry.name}: {n_batches} mini-batches recorded instead of 469")
    entry.seconds.append(seconds / entry.seeds)
    entry.losses.append(np.atleast_1d(losses.mean(-1, dtype=np.float64)))
    entry.accuracies.append(np.atleast_1d(accuracies.mean(-1, dtype=np.float64)))
    if test_accuracies is not None:
        entry.test_accuracies.append(np.atleast_1d(test_accuracies))


def deviation(entry, entries):
    """Compute how far an engine's losses and accuracies are from ours.

    Returns
    -------
    float
        The largest distance over epochs and both values, in standard deviations of our seeds.
    """
    ours = max(
        (
            other
            for other in entries
            if other.module == "descent_engine" and other.momentum == entry.momentum
        ),
        key=lambda other: other.seeds,
    )
    return max(
        abs(theirs.mean() - expected.mean()) / expected.std(ddof=1)
        for metric in ("losses", "accuracies")
        for theirs, expected in zip(getattr(entry, metric), getattr(ours, metric), strict=False)
    )


def ratio(entry, entries, module, contended=False):
    """Compute the median ratio of an entry's seconds to another engine's over their rounds."""
    momentum = 0.0 if module == "limit" else entry.momentum
    other = next(other for other in entries if (other.module, other.momentum) == (module, momentum))
    if contended:
        pairs = list(zip(entry.contended, other.contended, strict=True))
    else:
        rounds = slice(1, min(entry.rounds, other.rounds) + 1)
        pairs = list(zip(entry.seconds[rounds], other.seconds[rounds], strict=True))
    return statistics.median(seconds / reference for seconds, reference in pairs)


def summarise(entries):
    """Turn the entries into rows of plain values."""
    rows = []
    limit = next(entry for entry in entries if entry.module == "limit")
    for entry in entries:
        seconds = entry.seconds[1 : entry.rounds + 1]
        row = {
            "engine": entry.name,
            "momentum": entry.momentum,
            "seeds": entry.seeds,
            "rounds": entry.rounds,
            "median_seconds": statistics.median(seconds),
            "minimum_seconds": min(seconds),
            "to_limit": ratio(entry, entries, "limit"),
            "minimum_to_limit": min(seconds) / min(limit.seconds[1 : limit.rounds + 1]),
            "to_jax": ratio(entry, entries, "jax_optax"),
            "to_lab": ratio(entry, entries, "lab"),
            "first_epoch_seconds": entry.seconds[0],
            "peak_memory_mb": entry.memory,
            "seconds": seconds,
            "libraries": entry.libraries,
        }
        if entry.contended:
            row["contended_seconds"] = entry.contended
            row["contended_to_limit"] = ratio(entry, entries, "limit", contended=True)
            row["contended_to_jax"] = ratio(entry, entries, "jax_optax", contended=True)
        if entry.module != "limit":  # it learns nothing
            row["deviation"] = float(deviation(entry, entries))
            row["train_loss"] = [losses.mean() for losses in entry.losses]
            row["train_accuracy"] = [accuracies.mean() for accuracies in entry.accuracies]
        if entry.test_accuracies:
            row["test_accuracy"] = [float(values.mean()) for values in entry.test_accuracies]
            epochs, target_seconds = to_target(entry)
            if epochs:
                row |= {"epochs_to_target": epochs, "seconds_to_target": target_seconds}
        rows.append(row)
    return rows


COLUMNS = {
    "engine": ("engine", "{}"),
    "momentum": ("momentum", "{:g}"),
    "seeds": ("seeds", "{}"),
    "median_seconds": ("median (s)", "{:.3f}"),
    "minimum_seconds": ("minimum (s)", "{:.3f}"),
    "to_limit": ("to limit", "{:.2f}"),
    "minimum_to_limit": ("minima to limit", "{:.2f}"),
    "to_jax": ("to JAX", "{:.2f}"),
    "to_lab": ("to lab", "{:.3f}"),
    "contended_to_limit": ("contended: to limit", "{:.2f}"),
    "contended_to_jax": ("to JAX", "{:.2f}"),
    "epochs_to_target": (f"epochs to {100 * TARGET:g} %", "{:.1f}"),
    "seconds_to_target": ("seconds", "{:.1f}"),
    "first_epoch_seconds": ("first epoch (s)", "{:.2f}"),
    "peak_memory_mb": ("memory (MB)", "{:.0f}"),
    "deviation": ("deviation (sd)", "{:.1f}"),
    "rounds": ("rounds", "{}"),
}


def table(rows):
    """Format the rows as a Markdown table."""
    from tabulate import tabulate

    cells = [
        [form.format(row[key]) if key in row else "-" for key, (_, form) in COLUMNS.items()]
        for row in rows
    ]
    headings = [heading for heading, _ in COLUMNS.values()]
    return tabulate(cells, headings, tablefmt="github", disable_numparse=True)


def main():
    """Measure, check and write results.json and results.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="of the data set, with its prepared tensors")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=7.5, help="start no round after this time")
    arguments = parser.parse_args()
    # before any process starts: it inherits both, and libraries count the cores they see
    other_core = None
    if hasattr(os, "sched_setaffinity"):
        *others, core = sorted(os.sched_getaffinity(0))
        other_core = others[0] if others else None
        os.sched_setaffinity(0, {core})
    os.environ.update(ONE_THREAD)
    start = time.perf_counter()
    timed = entries(arguments.rounds)
    measure(timed, arguments.folder, arguments.minutes, other_core)
    rows = summarise(timed)
    about = provenance() | {
        "platform": platform.platform(),
        "packages": {package: metadata.version(package) for package in PACKAGES},
        "minutes": round((time.perf_counter() - start) / 60, 1),
    }
    packages = ", ".join(f"{name} {version}" for name, version in about["packages"].items())
    text = (
        "Seconds per epoch and seed on one core, in float32, with 60,000 images in mini-batches\n"
        "of 128 and a 784-100-100-10 network. Ratios are medians over rounds. In contended ones,\n"
        f"a process on another core streams through {STREAMED_MB} MB. See\n"
        "benchmarks/README.md.\n\n"
        f"{table(rows)}\n\n{about['cpu']}; Python {about['python']}, {packages}.\n"
    )
    publish("results", {"about": about, "engines": rows}, text)
    # not "greater than", because a loss may be NaN
    if strange := [row["engine"] for row in rows if not row.get("deviation", 0) <= TOLERANCE]:
        sys.exit(f"these do not learn the same as ours: {', '.join(strange)}")


if __name__ == "__main__":
    main()
