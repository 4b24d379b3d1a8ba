"""Measure how fast stacks of networks train on a GPU, and what a network's bits depend on.

    PYTHONPATH=src python benchmarks/gpu.py --output gpu.md

Every section is printed and appended to the file as soon as it is measured. The images are random
ones of MNIST's shape: only the shapes matter for the times. JAX is measured if it is installed.
`--device cpu --quick` tries the script out.
"""

import argparse
import functools
import gc
import hashlib
import os
import platform
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

# cuBLAS must be told before its first product; otherwise its products are not deterministic.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import torch
import torch.nn.functional as F
from torch import nn

from descent import model
from descent.data.prepared import normalize
from descent.optimizers.scratch.sgd_momentum import sgd_momentum
from descent.training import epoch as library
from descent.training.seeding import generator

BATCH_SIZE, EPOCHS, CLASSES = 128, 20, 10
RULE = {"lr": 0.01, "momentum": 0.9}


@dataclass(frozen=True)
class Plan:
    """How much is measured; the default is the full size."""

    pixels: int = 784
    hidden: tuple = (100, 100)
    images: int = 60_000
    stacks: tuple = (1, 7, 16, 32, 64, 128, 250, 500, 1000, 2000)
    stacks_of_variants: tuple = (64, 250, 1000)
    stacks_of_epochs: tuple = (128, 250, 1000)
    stacks_of_bits: tuple = (*range(1, 9), *(16, 32, 48, 64, 100, 128, 250, 256, 500, 512, 1000))
    bits_iterations: int = 50
    agreement: tuple = (1, 10, 100)
    seconds: float = 0.15  # of each of the three timings of a figure

    @property
    def sizes(self):
        """The widths of the layers."""
        return model.layer_sizes(self.pixels, self.hidden, CLASSES)

    @property
    def iterations(self):
        """Iterations of a whole training; the last one of an epoch counts as three quarters."""
        return EPOCHS * self.images / BATCH_SIZE


QUICK = Plan(
    pixels=64,
    hidden=(12, 12),
    images=1000,
    stacks=(1, 7),
    stacks_of_variants=(7,),
    stacks_of_epochs=(7,),
    stacks_of_bits=(1, 7, 64),
    bits_iterations=5,
    agreement=(1, 3, 7),
    seconds=0.01,
)


class Page:
    """Prints lines and appends them to a file."""

    def __init__(self, file):
        self._file = file and Path(file)
        if self._file:
            self._file.write_text("")

    def say(self, *lines):
        """Print lines, and keep them even if the process is stopped."""
        text = "\n".join(lines)
        print(text, flush=True)
        if self._file:
            with self._file.open("a") as file:
                file.write(text + "\n")

    def head(self, *columns):
        """Begin a table."""
        self.say("", "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|")

    def row(self, *cells):
        """Add a row to a table; numbers are rounded."""
        self.say("| " + " | ".join(map(_shown, cells)) + " |")


def _shown(cell):
    if isinstance(cell, float):
        return f"{cell:.3g}" if abs(cell) < 1000 else f"{cell:.0f}"
    return str(cell)


@dataclass(frozen=True)
class Data:
    """Images as gray levels and labels, on the device."""

    images: torch.Tensor
    labels: torch.Tensor
    normalization: tuple

    @classmethod
    def random(cls, plan):
        """Draw images that a network can learn to classify."""
        random = torch.Generator().manual_seed(0)
        draw = partial(torch.randint, generator=random)
        labels = draw(CLASSES, (plan.images,))
        prototypes = draw(128, (CLASSES, plan.pixels), dtype=torch.uint8)
        images = prototypes[labels] + draw(128, (plan.images, plan.pixels), dtype=torch.uint8)
        some = images[:1000].double() / 255
        return cls(images, labels, (some.mean().item(), some.std().item()))

    def to(self, device):
        """Copy it to a device."""
        return replace(self, images=self.images.to(device), labels=self.labels.to(device))

    @property
    def offset_and_scale(self):
        """What gray levels are multiplied with, and what is added, see `normalize`."""
        mean, std = self.normalization
        return -mean / std, 1 / (255 * std)


# Ways to gather a mini-batch. All return images (seeds, images, pixels) and labels.


def gather_words(data, chosen):
    """Gather eight gray levels at a time, and normalize them in one pass."""
    words = data.images.view(torch.int64).index_select(0, chosen.flatten())
    offset, scale = data.offset_and_scale
    pixels = torch.add(torch.tensor(offset), words.view(torch.uint8), alpha=scale)
    return pixels.view(*chosen.shape, -1), data.labels[chosen]


def gather_indexed(data, chosen):
    """Gather by indexing, and normalize in one pass."""
    offset, scale = data.offset_and_scale
    pixels = torch.add(torch.tensor(offset), data.images[chosen], alpha=scale)
    return pixels, data.labels[chosen]


def gather_as_library(data, chosen):
    """Gather gray levels one by one and normalize in two passes, like the library."""
    levels = data.images.index_select(0, chosen.flatten())
    pixels = torch.empty(levels.shape, device=levels.device)
    pixels = normalize(levels, data.normalization, out=pixels)
    return pixels.view(*chosen.shape, -1), data.labels[chosen]


def gather_floats(data, chosen):
    """Gather from `data` whose images are normalized already."""
    return data.images[chosen], data.labels[chosen]


def gather_compilable(data, chosen):
    """Gather without an intermediate tensor, once this is compiled."""
    offset, scale = data.offset_and_scale
    return data.images[chosen] * scale + offset, data.labels[chosen]


# Ways to differentiate. All return logits, losses (seeds, images) and gradients.


def by_library(parameters, images, labels):
    """Call the library's `differentiate`, which was not deterministic when this was measured."""
    logits, gradients = library.differentiate(parameters, images, labels)
    return logits, model.cross_entropy(logits, labels), gradients


def by_autograd(parameters, images, labels):
    """Differentiate every image's loss with weight 1/n: deterministic, unlike their sum."""
    logits = model.forward(parameters, images)
    losses = model.cross_entropy(logits, labels)
    weights = torch.full_like(losses, 1 / labels.shape[1])
    return logits.detach(), losses.detach(), torch.autograd.grad(losses, parameters, weights)


@torch.no_grad()
def written_out(parameters, images, labels, affine=torch.baddbmm):
    """Write the gradient out, without autograd."""
    w0, b0, w1, b1, w2, b2 = parameters
    h0 = affine(b0, w0, images.mT).relu()
    h1 = affine(b1, w1, h0).relu()
    logits = affine(b2, w2, h1)
    log_p = logits.log_softmax(1)
    answers = labels.unsqueeze(1)
    losses = -log_p.gather(1, answers).squeeze(1)
    one_hot = answers == torch.arange(logits.shape[1], device=logits.device).view(1, -1, 1)
    error = (log_p.exp() - one_hot.to(log_p.dtype)) / labels.shape[1]
    d1 = torch.bmm(w2.mT, error) * (h1 > 0)
    d0 = torch.bmm(w1.mT, d1) * (h0 > 0)
    gradients = []
    for signal, inputs in ((d0, images.mT), (d1, h0), (error, h1)):
        gradients += [torch.bmm(signal, inputs.mT), signal.sum(2, keepdim=True)]
    return logits, losses, gradients


def written_out_compilable(parameters, images, labels):
    """Write the gradient out so that a compiler can merge the bias with the relu."""
    return written_out(parameters, images, labels, lambda b, w, x: torch.bmm(w, x) + b)


# Update rules, bound to parameters.


class HandWritten:
    """The library's hand-written momentum, compiled on demand."""

    def __init__(self, parameters, compiled=False):
        self._parameters, self._state = parameters, {}
        self._rule = torch.compile(sgd_momentum, dynamic=False) if compiled else sgd_momentum

    @torch.no_grad()
    def __call__(self, gradients):
        """Update the parameters."""
        self._rule(self._parameters, gradients, self._state, **RULE)

    @property
    def velocities(self):
        """The state, as a list of tensors; empty before the first step."""
        return self._state.get("velocity", [])


class OfTorch:
    """torch.optim.SGD; without options it chooses its own way."""

    def __init__(self, parameters, **options):
        self._parameters = parameters
        self._optimizer = torch.optim.SGD(parameters, **RULE, **options)

    def __call__(self, gradients):
        """Update the parameters."""
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        self._optimizer.step()

    @property
    def velocities(self):
        """The state, as a list of tensors; empty before the first step."""
        states = self._optimizer.state.values()
        return [state["momentum_buffer"] for state in states]


class Trainer:
    """A stack of networks on a device, trained one mini-batch per call.

    Parameters
    ----------
    data : Data
    parameters : list of torch.Tensor
        The untrained networks; copied to the device of the data.
    differentiate, gather, rule : callable
        Ways to do it, see above.
    mode : str
        `plain`; `graph`, where an iteration is one CUDA graph; or `graph, update`, where the update
        is called after the graph of everything else.
    compiled : bool
        Whether to compile everything but the update.
    """

    def __init__(
        self,
        data,
        parameters,
        *,
        differentiate=by_autograd,
        gather=gather_words,
        rule=HandWritten,
        mode="plain",
        compiled=False,
    ):
        self._data, self._differentiate, self._gather = data, differentiate, gather
        self.parameters = [
            parameter.detach().to(data.labels.device, copy=True).requires_grad_()
            for parameter in parameters
        ]
        self.update = rule(self.parameters)
        self._mode = mode if data.labels.is_cuda else "plain"
        self._prepared = {}
        if compiled:
            self._compute = torch.compile(self._compute, dynamic=False)

    def __call__(self, chosen):
        """Train on the images `chosen`, (seeds, images).

        Returns
        -------
        torch.Tensor
            (2, seeds), each network's loss and accuracy; overwritten by the next call.
        """
        size = chosen.shape[1]
        if size not in self._prepared:
            self._prepared[size] = self._prepare(chosen)
        indices, recorded, run = self._prepared[size]
        indices.copy_(chosen)
        run()
        return recorded

    def _prepare(self, chosen):
        indices = chosen.long().clone()
        recorded = torch.zeros(2, len(chosen), device=indices.device)
        gradients = []

        def differentiate():
            recorded[0], recorded[1], gradients[:] = self._compute(indices)

        def iterate():
            differentiate()
            self.update(gradients)

        run = iterate
        if self._mode == "graph":
            run = self._captured(iterate)
        elif self._mode == "graph, update":
            replay = self._captured(differentiate)

            def run():
                replay()
                self.update(gradients)

        return indices, recorded, run

    def _compute(self, indices):
        images, labels = self._gather(self._data, indices)
        images = images.to(self.parameters[0].dtype)
        logits, losses, gradients = self._differentiate(self.parameters, images, labels)
        accuracy = (model.predict(logits) == labels).float().mean(1)
        return losses.mean(1), accuracy, gradients

    def _captured(self, call):
        """Record a call as a CUDA graph; the networks are left as they were."""
        before = [parameter.detach().clone() for parameter in self.parameters]
        velocities = [velocity.clone() for velocity in self.update.velocities]
        replay = captured(call)
        with torch.no_grad():
            for parameter, saved in zip(self.parameters, before, strict=True):
                parameter.copy_(saved)
            for index, velocity in enumerate(self.update.velocities):
                velocity.copy_(velocities[index]) if velocities else velocity.zero_()
        return replay


def captured(call):
    """Call a function three times, then record it as a CUDA graph, and return its replay."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):  # with workspace of its own
        call()
    return graph.replay


_WRITTEN_OUT = {
    "mode": "graph",
    "compiled": True,
    "differentiate": written_out_compilable,
    "gather": gather_compilable,
}
UPDATE_COMPILED = "only the update compiled, after the graph, normalized images"
_COMPILED_RULE = partial(HandWritten, compiled=True)
#: Ways to use torch.compile.
COMPILED = {
    "everything compiled": {**_WRITTEN_OUT, "rule": _COMPILED_RULE},
    "everything but the update compiled": _WRITTEN_OUT,
    "the same, update after the graph": {**_WRITTEN_OUT, "mode": "graph, update"},
    "the same, fused update": {**_WRITTEN_OUT, "rule": partial(OfTorch, fused=True)},
    "only the update compiled": {"mode": "graph", "rule": _COMPILED_RULE},
    UPDATE_COMPILED: {
        "mode": "graph, update",
        "rule": _COMPILED_RULE,
        "gather": gather_floats,
    },
}


class Bench:
    """What all sections share: the plan, the data and the untrained networks."""

    def __init__(self, plan, device):
        self.plan, self.device = plan, device
        self.on_cpu = Data.random(plan)
        self.data = self.on_cpu.to(device)
        most = max(*plan.stacks, *plan.stacks_of_bits)
        initial = [generator(0, "initialization", "gpu", seed) for seed in range(most)]
        self.networks = [p.detach() for p in model.initialize(plan.sizes, initial)]
        self._orders = {}

    def chosen(self, seeds, iterations):
        """Return the first mini-batches of some seeds: (iterations, seeds, images), on the CPU."""
        n = iterations * BATCH_SIZE
        for seed in seeds:
            if seed not in self._orders or len(self._orders[seed]) < n:
                order = torch.randperm(self.plan.images, generator=generator(0, "order", "", seed))
                self._orders[seed] = order[:n].clone()
        order = torch.stack([self._orders[seed][:n] for seed in seeds])
        return order.view(len(seeds), iterations, -1).transpose(0, 1).contiguous()

    def trainer(self, seeds, **ways):
        """Make a stack of some seeds; `gather_floats` gets normalized images."""
        seeds = range(seeds) if isinstance(seeds, int) else seeds
        networks = [parameter[list(seeds)] for parameter in self.networks]
        data = self.normalized if ways.get("gather") is gather_floats else self.data
        return Trainer(data, networks, **ways)

    @functools.cached_property
    def normalized(self):
        """The data with normalized pixels in place of gray levels."""
        pixels = torch.empty(self.on_cpu.images.shape)
        normalize(self.on_cpu.images, self.data.normalization, out=pixels)
        return replace(self.data, images=pixels.to(self.device))

    def train(self, seeds, iterations, poisoned=(), **ways):
        """Train some seeds and return their networks, on the CPU; `poisoned` ones start as NaN."""
        trainer = self.trainer(seeds, **ways)
        with torch.no_grad():
            for parameter in trainer.parameters:
                for position in poisoned:
                    parameter[position].fill_(torch.nan)
        for chosen in self.chosen(seeds, iterations).to(self.device):
            trainer(chosen)
        return [parameter.detach().cpu() for parameter in trainer.parameters]

    def seconds(self, call):
        """Return the seconds of a call, the median of three timings of many calls."""
        call()
        self.synchronize()
        rough = self._time(call, 3)
        number = max(5, min(1000, int(self.plan.seconds / rough)))
        return statistics.median(self._time(call, number) for _ in range(3))

    def seconds_of_iteration(self, trainer, n):
        """Time iterations of a stack of n networks, each with other images."""
        shape = 8, n, BATCH_SIZE
        batches = torch.randint(self.plan.images, shape, device=self.device)
        kept = torch.zeros(8, 2, n, device=self.device)
        turn = 0

        def call():
            nonlocal turn
            kept[turn].copy_(trainer(batches[turn]))
            turn = (turn + 1) % 8

        return self.seconds(call)

    def networks_per_second(self, n, seconds):
        """Scale the seconds of an iteration of n networks up to whole trainings."""
        return n / (seconds * self.plan.iterations)

    def synchronize(self):
        """Wait for the device."""
        if self.device == "cuda":
            torch.cuda.synchronize()

    def release(self):
        """Give unused memory back, so that each figure begins with the same."""
        gc.collect()
        if self.device == "cuda":
            torch.cuda.empty_cache()

    def _time(self, call, number):
        start = time.perf_counter()
        for _ in range(number):
            call()
        self.synchronize()
        return (time.perf_counter() - start) / number


# Sections. Each takes the bench and the page.


def products_alone(bench, n, rows=False):
    """Return the seconds of the eight batched products of an iteration, and nothing else."""
    n_inputs, *hidden, n_outputs = bench.plan.sizes
    randn = partial(torch.randn, device=bench.device)
    empty = partial(torch.empty, device=bench.device)
    images = randn(n, BATCH_SIZE, n_inputs)
    widths = *hidden, n_outputs
    weights = [
        randn(n, out, inputs) for out, inputs in zip(widths, (n_inputs, *hidden), strict=True)
    ]
    gradients = [torch.empty_like(weight) for weight in weights]
    h0, h1, logits, d1, d0 = (
        empty(n, BATCH_SIZE, width).mT if rows else empty(n, width, BATCH_SIZE)
        for width in (*widths, *reversed(hidden))
    )

    def product(a, b, out):
        if out.stride(1) == 1:  # rows
            torch.bmm(b.mT, a.mT, out=out.mT)
        else:
            torch.bmm(a, b, out=out)

    def call():
        product(weights[0], images.mT, h0)
        product(weights[1], h0, h1)
        product(weights[2], h1, logits)
        product(logits, h1.mT, gradients[2])
        product(weights[2].mT, logits, d1)
        product(d1, h0.mT, gradients[1])
        product(weights[1].mT, d1, d0)
        product(d0, images, gradients[0])

    return bench.seconds(captured(call) if bench.device == "cuda" else call)


def operations(plan):
    """Return the floating-point operations of a network's products in an iteration."""
    weights = [a * b for a, b in zip(plan.sizes, plan.sizes[1:], strict=False)]
    return 2 * BATCH_SIZE * (3 * sum(weights) - weights[0])


def speed(bench, page):
    """Networks per second against the size of the stack."""
    ways = {
        "autograd, plain": {},
        "autograd, graph, then update": {"mode": "graph, update"},
        "autograd, graph": {"mode": "graph"},
        "autograd, graph, fused update": {"mode": "graph", "rule": partial(OfTorch, fused=True)},
        "written out, graph, fused update": {
            "mode": "graph",
            "differentiate": written_out,
            "rule": partial(OfTorch, fused=True),
        },
    }
    page.head("networks per second", *ways, "products alone", "TFLOP/s of these", "with rows")
    for n in bench.plan.stacks:
        cells = []
        for way in ways.values():
            cells.append(attempt(partial(iterate, bench, n, way)))
            bench.release()
        limit = products_alone(bench, n)
        rows = products_alone(bench, n, rows=True)
        bench.release()
        page.row(
            f"stack of {n}",
            *cells,
            bench.networks_per_second(n, limit),
            n * operations(bench.plan) / limit / 1e12,
            bench.networks_per_second(n, rows),
        )


def iterate(bench, n, way):
    """Return the networks per second of a way to train n networks."""
    return bench.networks_per_second(n, bench.seconds_of_iteration(bench.trainer(n, **way), n))


def attempt(call):
    """Return what a call returns, or the beginning of its error."""
    try:
        return call()
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def variants(bench, page):
    """Networks per second of other ways, for a few sizes."""

    def filled(bench, n, way):
        torch.utils.deterministic.fill_uninitialized_memory = True
        try:
            return iterate(bench, n, way)
        finally:
            torch.utils.deterministic.fill_uninitialized_memory = False

    def not_deterministic(bench, n, way):
        torch.use_deterministic_algorithms(False)
        try:
            return iterate(bench, n, way)
        finally:
            torch.use_deterministic_algorithms(True)

    graph, fused = {"mode": "graph"}, {"rule": partial(OfTorch, fused=True)}
    by_floats = {**graph, "gather": gather_floats}
    plain = {"differentiate": by_library, "gather": gather_as_library}
    ways = {
        "autograd, graph": partial(iterate, way=graph),
        "its gradients by the library": partial(iterate, way={"differentiate": by_library}),
        "like the library, not deterministic, plain": partial(not_deterministic, way=plain),
        "autograd, graph, not deterministic": partial(not_deterministic, way=graph),
        "written out, graph": partial(iterate, way={**graph, "differentiate": written_out}),
        "gathered like the library": partial(iterate, way={**graph, "gather": gather_as_library}),
        "gathered by indexing": partial(iterate, way={**graph, "gather": gather_indexed}),
        "gathered from normalized images": partial(iterate, way=by_floats),
        "the same, fused update": partial(iterate, way={**by_floats, **fused}),
        "torch.optim.SGD": partial(iterate, way={**graph, "rule": OfTorch}),
        "torch.optim.SGD, not foreach": partial(
            iterate, way={**graph, "rule": partial(OfTorch, foreach=False)}
        ),
        "new memory filled (torch's default)": partial(filled, way=graph),
    }
    page.head("networks per second", *(f"stack of {n}" for n in bench.plan.stacks_of_variants))
    for name, figure in ways.items():
        page.row(name, *(attempt(partial(figure, bench, n)) for n in bench.plan.stacks_of_variants))
        bench.release()


def kernels(bench, page):
    """Where the time of an iteration goes, kernel by kernel."""
    n = bench.plan.stacks_of_variants[-1]
    for name, way in {
        "autograd": {},
        "written out, fused update": {
            "differentiate": written_out,
            "rule": partial(OfTorch, fused=True),
        },
    }.items():
        trainer = bench.trainer(n, **way)
        batch = torch.randint(bench.plan.images, (n, BATCH_SIZE), device=bench.device)
        for _ in range(3):
            trainer(batch)
        bench.synchronize()
        with torch.profiler.profile() as profile:
            for _ in range(5):
                trainer(batch)
            bench.synchronize()
        on_gpu = [
            event
            for event in profile.key_averages()
            if event.device_type == torch.autograd.DeviceType.CUDA
        ]
        total = sum(event.self_device_time_total for event in on_gpu)
        page.head(f"{name}: kernel, stack of {n}", "calls", "microseconds per iteration", "share")
        for event in sorted(on_gpu, key=lambda event: -event.self_device_time_total)[:28]:
            spent = event.self_device_time_total
            kernel = event.key.replace("|", "/").replace("at::native::", "")
            page.row(f"`{kernel[:150]}`", event.count / 5, spent / 5, f"{spent / total:.1%}")
        page.row("all", "", total / 5, "")
        del trainer
        bench.release()


def same_bits(a, b):
    """Tell whether two lists of tensors have the same bits."""
    return all(
        torch.equal(x.contiguous().view(torch.uint8), y.contiguous().view(torch.uint8))
        for x, y in zip(a, b, strict=True)
    )


def bits(bench, page):
    """Compare the bits of a network after some iterations, in one stack and another."""
    iterations = bench.plan.bits_iterations

    def yes(answer):
        return "same" if answer else "DIFFERENT"

    def one(networks, position):
        return [parameter[position] for parameter in networks]

    page.head(f"bits of a seed after {iterations} iterations", "answer")
    seven = bench.train(range(7), iterations)
    again = bench.train(range(7), iterations)
    page.row("the same stack of 7 twice", yes(same_bits(seven, again)))
    graph = bench.train(range(7), iterations, mode="graph")
    page.row("stack of 7, plain and as a graph", yes(same_bits(seven, graph)))
    stack = bench.train(range(64), iterations)
    first = [parameter[:7] for parameter in stack]
    page.row("stack of 7, and the first 7 of 64", yes(same_bits(seven, first)))
    alone = bench.train([3], iterations)
    page.row("seed 3 alone, and in 7", yes(same_bits(one(alone, 0), one(seven, 3))))
    page.row("seed 3 alone, and in 64", yes(same_bits(one(alone, 0), one(stack, 3))))
    for position in (0, 17, 63):
        others = list(range(100, 163))
        seeds = [*others[:position], 3, *others[position:]]
        most = len(bench.networks[0])
        moved = bench.train([seed % most for seed in seeds], iterations)
        answer = same_bits(one(moved, position), one(stack, 3))
        page.row(f"seed 3 in 64, and at position {position} among 63 other seeds", yes(answer))
    padded = bench.train([*range(7), *[0] * 57], iterations)
    answer = same_bits([parameter[:7] for parameter in padded], first)
    page.row("the first 7 of 64, and 7 padded to 64 with copies of seed 0", yes(answer))
    poisoned = bench.train(range(64), iterations, poisoned=[0, 5, 40])
    answer = same_bits(one(poisoned, 3), one(stack, 3))
    page.row("seed 3 in 64, and with diverged neighbors", yes(answer))
    if bench.device == "cuda":
        for name, options in {"as it is": {}, "fused": {"fused": True}}.items():
            other = bench.train(range(7), iterations, rule=partial(OfTorch, **options))
            page.row(f"hand-written and torch.optim.SGD, {name}", yes(same_bits(seven, other)))
    for name, way in {"autograd": {}, "written out": {"differentiate": written_out}}.items():
        classes = {}
        for n in bench.plan.stacks_of_bits:
            network = one(bench.train(range(n), iterations, **way), 0)
            classes.setdefault(digest(network), []).append(str(n))
            bench.release()
        groups = "; ".join(", ".join(group) for group in classes.values())
        page.row(f"stacks in which seed 0 has the same bits, {name}", groups)


def digests(bench, page):
    """Show the bits of some ways, to be compared between processes and cards."""
    ways = {"autograd, graph": {"mode": "graph"}, **COMPILED}
    sizes = bench.plan.stacks_of_epochs[:2]
    page.head("digest of seed 0", *(f"in a stack of {n}" for n in sizes))
    for name, way in ways.items():
        cells = []
        for n in sizes:
            torch._dynamo.reset()
            networks = bench.train(range(n), bench.plan.bits_iterations, **way)
            cells.append(digest([parameter[0] for parameter in networks])[:8])
        page.row(name, *cells)


def digest(network):
    """Return the SHA-256 of a network's bits."""
    return hashlib.sha256(b"".join(p.numpy().tobytes() for p in network)).hexdigest()


@torch.no_grad()
def operators(bench, page):
    """Which operator gives a network other bits in a stack of another size."""
    n_most, n_reference = max(bench.plan.stacks_of_bits), 64
    parameters = [parameter[:n_most].to(bench.device) for parameter in bench.networks]
    indices = bench.chosen(range(n_most), 1)[0].to(bench.device)
    tensors = dict(zip(("w0", "b0", "w1", "b1", "w2", "b2"), parameters, strict=True))
    tensors["indices"] = indices
    classes = torch.arange(CLASSES, device=bench.device).view(1, -1, 1)

    steps = {
        "gather and normalize": ("x", lambda t: gather_words(bench.data, t["indices"])[0]),
        "gather labels": ("y", lambda t: bench.data.labels[t["indices"]]),
        "W0 x + b0": ("z0", lambda t: torch.baddbmm(t["b0"], t["w0"], t["x"].mT)),
        "relu": ("h0", lambda t: t["z0"].relu()),
        "W1 h + b1": ("z1", lambda t: torch.baddbmm(t["b1"], t["w1"], t["h0"])),
        "relu again": ("h1", lambda t: t["z1"].relu()),
        "W2 h + b2": ("z2", lambda t: torch.baddbmm(t["b2"], t["w2"], t["h1"])),
        "log_softmax": ("log_p", lambda t: t["z2"].log_softmax(1)),
        "cross-entropy": ("losses", lambda t: model.cross_entropy(t["z2"], t["y"])),
        "mean loss": ("loss", lambda t: t["losses"].mean(1)),
        "softmax": ("p", lambda t: t["z2"].softmax(1)),
        "its gradient": (
            "e",
            lambda t: (t["p"] - (t["y"].unsqueeze(1) == classes).float()) / BATCH_SIZE,
        ),
        "gradient of W2": ("g2", lambda t: torch.bmm(t["e"], t["h1"].mT)),
        "gradient of b2": ("s2", lambda t: t["e"].sum(2, keepdim=True)),
        "W2' e": ("d1", lambda t: torch.bmm(t["w2"].mT, t["e"]) * (t["h1"] > 0)),
        "gradient of W1": ("g1", lambda t: torch.bmm(t["d1"], t["h0"].mT)),
        "gradient of b1": ("s1", lambda t: t["d1"].sum(2, keepdim=True)),
        "W1' d": ("d0", lambda t: torch.bmm(t["w1"].mT, t["d1"]) * (t["h0"] > 0)),
        "gradient of W0": ("g0", lambda t: torch.bmm(t["d0"], t["x"])),
        "gradient of b0": ("s0", lambda t: t["d0"].sum(2, keepdim=True)),
        "update": ("u0", lambda t: t["w0"].sub(t["g0"], alpha=0.01)),
    }
    sizes = bench.plan.stacks_of_bits
    columns = [str(n) for n in sizes]
    page.head(f"operator: bits as in a stack of {n_reference}?", *columns)
    for name, (result, compute) in steps.items():
        reference = compute({key: tensor[:n_reference] for key, tensor in tensors.items()})
        answers = []
        for n in sizes:
            got = compute({key: tensor[:n] for key, tensor in tensors.items()})
            shared = min(n, n_reference)
            answers.append("" if same_bits([got[:shared]], [reference[:shared]]) else "no")
        page.row(name, *answers)
        tensors[result] = compute(tensors)
    del tensors
    bench.release()


PRODUCTS = {  # name: factors, as names and whether they are transposed
    "W0 x": ("w0", "", "x", "T"),
    "W1 h": ("w1", "", "h0", ""),
    "W2 h": ("w2", "", "h1", ""),
    "gradient of W2": ("e", "", "h1", "T"),
    "W2' e": ("w2", "T", "e", ""),
    "gradient of W1": ("d1", "", "h0", "T"),
    "W1' d": ("w1", "T", "d1", ""),
    "gradient of W0": ("d0", "", "x", ""),
}


def factors(bench, n):
    """Make random factors for the products of an iteration."""
    n_inputs, *hidden, n_outputs = bench.plan.sizes
    shapes = {
        "x": (BATCH_SIZE, n_inputs),
        "w0": (hidden[0], n_inputs),
        "w1": (hidden[1], hidden[0]),
        "w2": (n_outputs, hidden[1]),
        **{name: (hidden[int(name[1])], BATCH_SIZE) for name in ("h0", "h1", "d0", "d1")},
        "e": (n_outputs, BATCH_SIZE),
    }
    random = torch.Generator(bench.device).manual_seed(0)
    return {
        name: torch.randn(n, *shape, generator=random, device=bench.device)
        for name, shape in shapes.items()
    }


def pair(tensors, a, transpose_a, b, transpose_b):
    """Return the two factors of a product."""
    return (
        tensors[a].mT if transpose_a else tensors[a],
        tensors[b].mT if transpose_b else tensors[b],
    )


def sizes_of_products(bench, page):
    """In which stacks each product has other bits than in a stack of 128."""
    most = 600 if bench.device == "cuda" else 130
    tensors = factors(bench, most)
    libraries = ("cublas", "cublaslt") if bench.device == "cuda" else ("",)
    for blas in libraries:
        if blas:
            torch.backends.cuda.preferred_blas_library(blas)
        page.head(
            f"product {blas}",
            f"stacks, of those up to {most}, with other bits than 128",
            "microseconds, stack of 250",
        )
        for name, which in PRODUCTS.items():
            a, b = pair(tensors, *which)
            reference = torch.bmm(a[:128], b[:128])
            different = [
                n
                for n in range(1, most + 1)
                if not torch.equal(torch.bmm(a[:n], b[:n])[:128], reference[:n])
            ]
            seconds = bench.seconds(partial(torch.bmm, a[:250], b[:250]))
            page.row(name, ranges(different) or "none", seconds * 1e6)
    if libraries[0]:
        torch.backends.cuda.preferred_blas_library("cublas")


def ranges(numbers):
    """Shorten a sorted list of integers: 1, 3-5."""
    groups = []
    for number in numbers:
        if groups and number == groups[-1][1] + 1:
            groups[-1][1] = number
        else:
            groups.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in groups)


def own_products(bench, page):
    """Products by a Triton kernel with fixed tiles, whose bits cannot depend on the stack."""
    import triton
    import triton.language as tl

    @triton.jit
    def kernel(
        a, b, c, m, n, k, a0, a1, a2, b0, b1, b2, c0, c1, M: tl.constexpr, N: tl.constexpr,
        K: tl.constexpr,
    ):  # fmt: skip
        seed = tl.program_id(0).to(tl.int64)
        tiles = tl.cdiv(n, N)
        rows = tl.program_id(1) // tiles * M + tl.arange(0, M)
        columns = tl.program_id(1) % tiles * N + tl.arange(0, N)
        inner = tl.arange(0, K)
        total = tl.zeros((M, N), dtype=tl.float32)
        for start in range(0, k, K):
            at = start + inner
            left = tl.load(
                a + seed * a0 + rows[:, None] * a1 + at[None, :] * a2,
                mask=(rows[:, None] < m) & (at[None, :] < k),
                other=0.0,
            )
            right = tl.load(
                b + seed * b0 + at[:, None] * b1 + columns[None, :] * b2,
                mask=(at[:, None] < k) & (columns[None, :] < n),
                other=0.0,
            )
            total = tl.dot(left, right, total, input_precision="ieee")
        tl.store(
            c + seed * c0 + rows[:, None] * c1 + columns[None, :],
            total,
            mask=(rows[:, None] < m) & (columns[None, :] < n),
        )

    def product(a, b, tile):
        (seeds, m, k), n = a.shape, b.shape[2]
        c = torch.empty(seeds, m, n, device=a.device)
        M, N, K, warps, stages = tile
        grid = seeds, triton.cdiv(m, M) * triton.cdiv(n, N)
        strides = *a.stride(), *b.stride(), *c.stride()[:2]
        kernel[grid](a, b, c, m, n, k, *strides, M, N, K, num_warps=warps, num_stages=stages)
        return c

    tiles = [
        *((64, 64, 16, 4, 3), (64, 64, 32, 4, 3), (32, 64, 32, 4, 3)),
        *((64, 128, 16, 8, 3), (128, 128, 16, 8, 3), (32, 32, 32, 4, 3)),
    ]
    if bench.device == "cpu":
        tiles = tiles[:1]
    most = max(bench.plan.stacks_of_variants)
    tensors = factors(bench, most)
    page.head(
        f"product, stack of {most}", "best tile", "microseconds", "cuBLAS", "difference", "bits"
    )
    for name, which in PRODUCTS.items():
        a, b = pair(tensors, *which)
        timed = {}
        for tile in tiles:
            figure = attempt(partial(bench.seconds, partial(product, a, b, tile)))
            if isinstance(figure, float):
                timed[tile] = figure
            else:
                page.say(f"{tile}: {figure}")
        best = min(timed, key=timed.get)
        result = product(a, b, best)
        exact = torch.bmm(a[:64].double(), b[:64].double())
        far = ((result[:64] - exact).norm() / exact.norm()).item()
        same = all(torch.equal(product(a[:n], b[:n], best), result[:n]) for n in (1, 7, 64))
        cublas = bench.seconds(partial(torch.bmm, a, b))
        page.row(name, best, timed[best] * 1e6, cublas * 1e6, far, "same" if same else "DIFFERENT")


def agreement(bench, page):
    """How far the GPU is from the CPU, relative to the largest element of each tensor."""
    seeds = range(4)
    networks = [parameter[:4] for parameter in bench.networks]
    trainers = {
        "gpu": Trainer(bench.data, networks),
        "cpu": Trainer(bench.on_cpu, networks),
        "float64": Trainer(bench.on_cpu, [parameter.double() for parameter in networks]),
    }
    page.head(
        "largest relative difference of the parameters",
        "GPU to CPU",
        "GPU to CPU in float64",
        "CPU to CPU in float64",
        "of the losses, GPU to CPU",
    )
    batches = bench.chosen(seeds, bench.plan.agreement[-1])
    for done, batch in enumerate(batches, 1):
        losses = {name: t(batch.to(t.parameters[0].device))[0] for name, t in trainers.items()}
        if done not in bench.plan.agreement:
            continue
        state = {
            name: [parameter.detach().cpu().double() for parameter in trainer.parameters]
            for name, trainer in trainers.items()
        }

        of_losses = (losses["gpu"].cpu() / losses["cpu"] - 1).abs().max().item()
        page.row(
            f"after {done} iterations",
            distance(state["gpu"], state["cpu"]),
            distance(state["gpu"], state["float64"]),
            distance(state["cpu"], state["float64"]),
            of_losses,
        )


def distance(a, b):
    """Return the largest difference of tensors, relative to the largest element of each."""
    pairs = zip(a, b, strict=True)
    return max(((x - y).abs().max() / y.abs().max()).item() for x, y in pairs)


def gathering(bench, page):
    """How long it takes to gather the mini-batches of an iteration."""
    n = bench.plan.stacks_of_variants[-1]
    chosen = torch.randint(bench.plan.images, (n, BATCH_SIZE), device=bench.device)
    reference = gather_as_library(bench.data, chosen)[0]
    page.head(f"gathering for a stack of {n}", "milliseconds", "bits like the library's")
    for gather in (gather_as_library, gather_indexed, gather_words):
        pixels = gather(bench.data, chosen)[0]
        answer = "yes" if same_bits([reference], [pixels]) else "no"
        seconds = bench.seconds(partial(gather, bench.data, chosen))
        page.row(gather.__name__.removeprefix("gather_"), seconds * 1e3, answer)
    wide = torch.empty(n * BATCH_SIZE, bench.plan.pixels, device=bench.device)
    other = torch.empty_like(wide)
    seconds = bench.seconds(lambda: other.copy_(wide))
    page.row("copying normalized pixels", seconds * 1e3, "")
    page.row("terabytes per second of the copy", 2 * wide.nbytes / seconds / 1e12, "")


def orders(bench, page):
    """How long the CPU takes to draw the orders of an epoch."""
    n = 64
    generators = [torch.Generator().manual_seed(seed) for seed in range(n)]
    drawn = torch.empty(n, bench.plan.images, dtype=torch.int32)
    cores = f"{platform.machine()}, {os.cpu_count()} cores"
    page.head(f"drawing the orders of {n} seeds ({cores})", "milliseconds")
    for workers in sorted({1, 2, 4, 8, os.cpu_count()}):
        with ThreadPoolExecutor(workers) as pool:
            draw_orders(pool, generators, drawn)
            start = time.perf_counter()
            draw_orders(pool, generators, drawn)
            page.row(f"{workers} threads, per seed", (time.perf_counter() - start) / n * 1e3)


def draw_orders(pool, generators, out):
    """Draw the order of one epoch for every seed, in parallel; every seed has its own stream."""
    n_images = out.shape[1]

    def draw(generator, row):
        torch.randperm(n_images, generator=generator, out=row)

    list(pool.map(draw, generators, out))


def whole_epochs(bench, page):
    """Whole epochs: orders drawn meanwhile, last mini-batch, evaluation, records copied back."""
    ways = {
        "graph, then hand-written update": {"mode": "graph, update"},
        "graph with fused update": {"mode": "graph", "rule": partial(OfTorch, fused=True)},
        **{name: COMPILED[name] for name in ("everything compiled", UPDATE_COMPILED)},
    }
    page.head(
        "whole epochs",
        "stack of",
        "networks per second",
        "seconds of an epoch",
        "of these waiting for the order",
        "evaluating, batches of 256",
        "evaluating, batches of 2000",
        "memory per seed, MB",
        "seeds that fit",
    )
    for name, way in ways.items():
        for n in bench.plan.stacks_of_epochs:
            torch._dynamo.reset()
            page.row(name, n, *whole_epoch(bench, n, way))
            bench.release()


def whole_epoch(bench, n, way):
    """Return the figures of a row of `whole_epochs`."""
    on_gpu = bench.device == "cuda"
    generators = [torch.Generator().manual_seed(seed) for seed in range(n)]
    shape = n, bench.plan.images
    buffers = [torch.empty(shape, dtype=torch.int32, pin_memory=on_gpu) for _ in range(2)]
    bench.release()
    used_before = used_memory() if on_gpu else 0
    trainer = bench.trainer(n, **way)
    kept = torch.empty(-(-bench.plan.images // BATCH_SIZE), 2, n, device=bench.device)
    with ThreadPoolExecutor(os.cpu_count()) as pool, ThreadPoolExecutor(1) as background:
        draw = partial(background.submit, draw_orders, pool, generators)
        drawing = draw(buffers[0])
        for index in range(3):
            start = time.perf_counter()
            drawing.result()
            waiting = time.perf_counter() - start
            order = buffers[index % 2].to(bench.device, non_blocking=True)
            drawing = draw(buffers[(index + 1) % 2])
            for number, chosen in enumerate(order.split(BATCH_SIZE, 1)):
                kept[number].copy_(trainer(chosen))
            kept.cpu()
            training = time.perf_counter() - start
            bench.release()
        drawing.result()
    _, small, large = (evaluate(bench, trainer.parameters, size) for size in (256, 256, 2000))
    figure = n / (EPOCHS * (training + min(small, large)))
    memory = ("", "")
    if on_gpu:
        bench.release()
        each = (used_memory() - used_before) / n
        memory = each / 1e6, int(torch.cuda.mem_get_info()[1] / each)
    return figure, training, waiting, small, large, *memory


def evaluate(bench, parameters, batch_size):
    """Return the seconds of evaluating a stack on a sixth of the images."""
    n_images = bench.plan.images // 6
    images = normalize(bench.on_cpu.images[:n_images], bench.data.normalization).to(bench.device)
    bench.synchronize()
    start = time.perf_counter()
    with torch.device(bench.device):  # where the library makes its sums
        labels = bench.data.labels[:n_images]
        losses, _ = model.evaluate(parameters, images, labels, batch_size)
    losses.cpu()
    return time.perf_counter() - start


def used_memory():
    """Return the bytes of the device that are in use, whoever uses them."""
    free, total = torch.cuda.mem_get_info()
    return total - free


def one_at_a_time(bench, page):
    """One seed at a time in plain torch, and all seeds by torch.func."""
    page.head("other ways", "networks per second")
    page.row("nn.Sequential and torch.optim.SGD, one seed", attempt(partial(plain_torch, bench)))
    for n in bench.plan.stacks_of_variants:
        for deterministic in (True, False):
            torch.use_deterministic_algorithms(deterministic)
            figure = attempt(partial(torch_func, bench, n))
            torch.use_deterministic_algorithms(True)
            page.row(
                f"torch.func, stack of {n}" + ("" if deterministic else ", not deterministic"),
                figure,
            )
            bench.release()
            if isinstance(figure, float):
                break


def plain_torch(bench):
    """Return the networks per second of the idiomatic loop, with all data on the device."""
    n_inputs, *hidden, n_outputs = bench.plan.sizes
    layers = []
    for width in hidden:
        layers += [nn.Linear(n_inputs, width), nn.ReLU()]
        n_inputs = width
    network = nn.Sequential(*layers, nn.Linear(n_inputs, n_outputs)).to(bench.device)
    optimizer = torch.optim.SGD(network.parameters(), **RULE)

    def train(chosen):
        images, labels = gather_words(bench.data, chosen)
        logits = network(images[0])
        loss = F.cross_entropy(logits, labels[0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        accuracy = (logits.detach().argmax(1) == labels[0]).float().mean()
        return torch.stack([loss.detach(), accuracy]).unsqueeze(1)

    return bench.networks_per_second(1, bench.seconds_of_iteration(train, 1))


def torch_func(bench, n):
    """Return the networks per second of vmap over the seeds of grad."""
    parameters = [parameter[:n].to(bench.device) for parameter in bench.networks]
    parameters[1::2] = [bias.squeeze(2) for bias in parameters[1::2]]
    update = HandWritten(parameters)

    def loss(network, images, labels):
        w0, b0, w1, b1, w2, b2 = network
        hidden = F.linear(F.linear(images, w0, b0).relu(), w1, b1).relu()
        logits = F.linear(hidden, w2, b2)
        mean = F.cross_entropy(logits, labels)
        return mean, (mean, (logits.argmax(1) == labels).float().mean())

    gradient = torch.func.vmap(torch.func.grad(loss, has_aux=True))

    def train(chosen):
        images, labels = gather_words(bench.data, chosen)
        gradients, recorded = gradient(parameters, images, labels)
        update(gradients)
        return torch.stack(recorded)

    return bench.networks_per_second(n, bench.seconds_of_iteration(train, n))


def compiled(bench, page):
    """Networks per second of torch.compile, within a CUDA graph."""
    sizes = bench.plan.stacks_of_variants
    page.head("networks per second, torch.compile", *(f"stack of {n}" for n in sizes), "seconds")
    for name, way in COMPILED.items():
        start = time.perf_counter()
        figures = []
        for n in sizes:
            torch._dynamo.reset()
            figures.append(attempt(partial(iterate, bench, n, way)))
            bench.release()
        page.row(name, *figures, time.perf_counter() - start)


def side_by_side(bench, page):
    """Several stacks at once, each in its own stream of the GPU."""
    if bench.device == "cpu":
        return
    way = {"mode": "graph", "rule": partial(OfTorch, fused=True)}
    page.head("stacks side by side (autograd, graph, fused update)", "networks per second")
    for n in (64, 128, 250, 500):
        for number in (1, 2, 4, 8):
            if number * n > 2000:
                continue
            trainers = [bench.trainer(n, **way) for _ in range(number)]
            streams = [torch.cuda.Stream() for _ in trainers]
            batches = torch.randint(bench.plan.images, (8, n, BATCH_SIZE), device=bench.device)
            kept = torch.zeros(number, 2, n, device=bench.device)
            bench.synchronize()

            def call():
                for trainer, stream, record in zip(trainers, streams, kept, strict=True):  # noqa: B023
                    with torch.cuda.stream(stream):
                        for batch in batches:  # noqa: B023
                            record.copy_(trainer(batch))

            seconds = bench.seconds(call) / len(batches)
            page.row(f"{number} of {n}", bench.networks_per_second(number * n, seconds))
            trainers.clear()
            bench.release()
    iterations, parts = bench.plan.bits_iterations, [range(k * 64, k * 64 + 64) for k in range(4)]
    alone = [bench.train(part, iterations, **way) for part in parts]
    trainers = [bench.trainer(part, **way) for part in parts]
    batches = [bench.chosen(part, iterations).to(bench.device) for part in parts]
    for trainer, chosen in zip(trainers, batches, strict=True):
        trainer(chosen[0])
    bench.synchronize()
    streams = [torch.cuda.Stream() for _ in trainers]
    for index in range(1, iterations):
        for trainer, stream, chosen in zip(trainers, streams, batches, strict=True):
            with torch.cuda.stream(stream):
                trainer(chosen[index])
    bench.synchronize()
    networks = [[p.detach().cpu() for p in trainer.parameters] for trainer in trainers]
    answer = all(map(same_bits, networks, alone))
    page.row("4 of 64: bits as one after another?", "yes" if answer else "NO")


def by_jax(bench, page):
    """Networks per second of JAX, in a process of its own."""
    bench.release()
    command = [sys.executable, __file__, "--jax", "--device", bench.device]
    if bench.plan is QUICK:
        command.append("--quick")
    environment = {
        **os.environ,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    page.head("JAX: jit of vmap over seeds of a scan", "networks per second", "seconds to compile")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=150)
    page.say(*done.stdout.strip().splitlines())
    if done.returncode:
        page.say("", f"JAX failed: {done.stderr.strip()[-400:]}")


def measure_jax(plan):
    """Print a row for every size of the stack."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    jax.config.update("jax_default_matmul_precision", "highest")  # no TF32
    data = Data.random(plan)
    images, labels = jnp.asarray(data.images.numpy()), jnp.asarray(data.labels.numpy())
    offset, scale = data.offset_and_scale
    iterations = max(plan.agreement)

    def loss(network, pixels, answers):
        hidden = pixels
        for weight, bias in network[:-1]:
            hidden = jax.nn.relu(hidden @ weight.T + bias)
        weight, bias = network[-1]
        logits = hidden @ weight.T + bias
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), answers[:, None], 1)
        return -chosen.mean(), (logits.argmax(1) == answers).mean()

    def train(network, velocity, order, images, labels):
        def iteration(state, chosen):
            network, velocity = state
            pixels = images[chosen].astype(jnp.float32) * scale + offset
            values, gradient = jax.value_and_grad(loss, has_aux=True)(
                network, pixels, labels[chosen]
            )
            velocity = jax.tree.map(lambda v, g: RULE["momentum"] * v + g, velocity, gradient)
            network = jax.tree.map(lambda w, v: w - RULE["lr"] * v, network, velocity)
            return (network, velocity), jnp.stack(values)

        return jax.lax.scan(iteration, (network, velocity), order)

    stacked = jax.jit(jax.vmap(train, in_axes=(0, 0, 0, None, None)), donate_argnums=(0, 1))
    random = np.random.default_rng(0)
    for n in (1, *plan.stacks_of_variants):
        network = [
            (
                jnp.asarray(random.normal(0, a**-0.5, (n, b, a)).astype(np.float32)),
                jnp.zeros((n, b), jnp.float32),
            )
            for a, b in zip(plan.sizes, plan.sizes[1:], strict=False)
        ]
        state = network, jax.tree.map(jnp.zeros_like, network)
        order = jnp.asarray(
            random.integers(plan.images, size=(n, iterations, BATCH_SIZE), dtype=np.int32)
        )
        times = []
        for _ in range(4):
            start = time.perf_counter()
            state, values = stacked(*state, order, images, labels)
            jax.block_until_ready((state, values))
            times.append(time.perf_counter() - start)
        seconds = statistics.median(times[1:]) / iterations
        figure = n / (seconds * plan.iterations)
        device = jax.devices()[0].platform
        print(f"| stack of {n}, {device} | {_shown(figure)} | {_shown(times[0])} |", flush=True)


SECTIONS = {
    "speed": speed,
    "bits": bits,
    "operators": operators,
    "sizes": sizes_of_products,
    "agreement": agreement,
    "epochs": whole_epochs,
    "orders": orders,
    "variants": variants,
    "gathering": gathering,
    "kernels": kernels,
    "others": one_at_a_time,
    "jax": by_jax,
    "side-by-side": side_by_side,
    "compiled": compiled,
    "digests": digests,
    "own-products": own_products,
}


def main():
    """Measure the sections that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=["cpu", "cuda"])
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to try the script out")
    parser.add_argument("--output", help="Markdown file to write as well")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--seconds", type=float, default=1e9, help="begin no section after these")
    parser.add_argument("--jax", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    started = time.perf_counter()
    plan = QUICK if arguments.quick else Plan()
    if arguments.jax:
        measure_jax(plan)
        return
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.backends.cuda.matmul.allow_tf32 = False
    page = Page(arguments.output)
    card = torch.cuda.get_device_name() if arguments.device == "cuda" else "CPU"
    versions = f"torch {torch.__version__}, CUDA {torch.version.cuda}"
    page.say(f"{card}; {versions}; {time.strftime('%F')}.")
    bench = Bench(plan, arguments.device)
    for name in arguments.sections:
        if time.perf_counter() - started > arguments.seconds:
            page.say("", f"{name}: no time left")
            continue
        start = time.perf_counter()
        error = attempt(partial(SECTIONS[name], bench, page))
        if error:
            page.say("", f"{name} stopped: {error}")
        print(f"\n{name}: {time.perf_counter() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
