"""Training a batch of seeds of one variant together.

A run's numbers depend on its variant, seed and configuration alone: not on the seeds beside it, on
the number of cores or on other variants.
"""

import time
from dataclasses import dataclass, field

import numpy as np
import torch
from safetensors.torch import save_file

from descent import model, records
from descent.data import normalize
from descent.files import replacing
from descent.optimizers import make_step
from descent.provenance import provenance
from descent.seeding import generator, stream_seed

#: What the random streams of a run are for.
PURPOSES = ("initialization", "order")


@dataclass
class Run:
    """What one seed of one variant recorded.

    Attributes
    ----------
    seed : int
    train_loss, train_accuracy : numpy.ndarray
        (iterations,), float32: mean cross-entropy in nats and accuracy of each mini-batch, before
        its update.
    test_loss, test_accuracy, train_seconds : list of float
        One for each epoch, the first for the untrained network. The seconds are those of training,
        without evaluation, divided by the number of seeds that trained together.
    parameters : dict
        Maps W0, b0, ... to the final tensors, (outputs, inputs) and (outputs,).
    """

    seed: int
    train_loss: np.ndarray = None
    train_accuracy: np.ndarray = None
    test_loss: list = field(default_factory=list)
    test_accuracy: list = field(default_factory=list)
    train_seconds: list = field(default_factory=list)
    parameters: dict = None

    def status(self):
        """Say `completed`, or `diverged` and the first iteration whose loss is not finite."""
        diverged = np.flatnonzero(~np.isfinite(self.train_loss))
        if len(diverged):
            return {"status": "diverged", "diverged_at_iteration": int(diverged[0]) + 1}
        return {"status": "completed"}


def train(
    data,
    variant,
    settings,
    seeds,
    *,
    root_seed,
    hidden,
    epochs,
    batch_size,
    evaluation_batch_size,
    threads,
):
    """Train one network for each seed, all with the same optimizer.

    Parameters
    ----------
    data : descent.data.PreparedData
    variant : str
        Its name, part of every random stream.
    settings : dict
        `optimizer` and its hyperparameters.
    seeds : list of int
    root_seed : int
    hidden : list of int
        Widths of the hidden layers.
    epochs, batch_size, evaluation_batch_size : int
    threads : int
        Threads of torch; set for the whole process.

    Returns
    -------
    list of Run
        One for each seed, in order. Progress is printed.
    """
    torch.set_num_threads(threads)
    sizes = model.layer_sizes(data.train_images.shape[1], hidden, data.n_classes)
    last_batches = [
        len(data.train_images) % batch_size or batch_size,
        len(data.test_images) % evaluation_batch_size or evaluation_batch_size,
    ]
    together = _same_bits_when_stacked(sizes, last_batches, threads)
    runs = []
    for stack in [seeds] if together else [[seed] for seed in seeds]:
        generators = {
            purpose: [generator(root_seed, purpose, variant, seed) for seed in stack]
            for purpose in PURPOSES
        }
        parameters = model.initialize(sizes, generators["initialization"])
        optimizer, hyperparameters = split_settings(settings)
        step = make_step(optimizer, parameters, hyperparameters)
        runs += _train_stack(
            data,
            stack,
            parameters,
            step,
            generators["order"],
            epochs=epochs,
            batch_size=batch_size,
            evaluation_batch_size=evaluation_batch_size,
        )
    return runs


def split_settings(settings):
    """Split a variant's settings into its optimizer and the hyperparameters."""
    hyperparameters = {key: value for key, value in settings.items() if key != "optimizer"}
    return settings["optimizer"], hyperparameters


def _same_bits_when_stacked(sizes, last_batches, threads):
    """Tell whether a stack of seeds gives the same bits as each seed alone.

    Measured: products of several threads are divided otherwise when stacked, and products with a
    vector use another kernel. Seeds then train one after the other.
    """
    return threads == 1 and min(*sizes, *last_batches) > 1


def _train_stack(
    data, seeds, parameters, step, orders, *, epochs, batch_size, evaluation_batch_size
):
    runs = [Run(seed) for seed in seeds]
    losses, accuracies = [], []
    test_images = normalize(data.test_images, data.normalization)
    for epoch in range(epochs + 1):
        start = time.perf_counter()
        if epoch > 0:
            loss, accuracy = train_epoch(parameters, step, data, orders, batch_size)
            losses.append(loss)
            accuracies.append(accuracy)
        seconds = (time.perf_counter() - start) / len(seeds) if epoch > 0 else 0.0
        test_loss, test_accuracy = model.evaluate(
            parameters, test_images, data.test_labels, evaluation_batch_size
        )
        for index, run in enumerate(runs):
            run.test_loss.append(test_loss[index].item())
            run.test_accuracy.append(test_accuracy[index].item())
            run.train_seconds.append(seconds)
        shown = " ".join(f"{100 * accuracy:.2f}" for accuracy in test_accuracy)
        print(f"epoch {epoch}/{epochs}: test accuracy {shown} %, {seconds:.2f} s per seed")
    names = model.names(parameters)
    networks = model.unstack([parameter.detach() for parameter in parameters])
    for index, (run, network) in enumerate(zip(runs, networks, strict=True)):
        run.train_loss = torch.cat([loss[index] for loss in losses]).numpy()
        run.train_accuracy = torch.cat([accuracy[index] for accuracy in accuracies]).numpy()
        run.parameters = {
            name: parameter.clone() for name, parameter in zip(names, network, strict=True)
        }
    return runs


def train_epoch(parameters, step, data, orders, batch_size):
    """Train on every image once, in a new order.

    Parameters
    ----------
    parameters : list of torch.Tensor
        Stacked over seeds, see `descent.model.initialize`.
    step : callable
        See `descent.optimizers.make_step`.
    data : descent.data.PreparedData
        Its training images are used.
    orders : list of torch.Generator
        One for each seed.
    batch_size : int
        The last mini-batch has the images that remain.

    Returns
    -------
    loss, accuracy : torch.Tensor
        (seeds, iterations), float32: of each mini-batch, before its update.
    """
    n_images = len(data.train_images)
    order = torch.stack([torch.randperm(n_images, generator=generator) for generator in orders])
    # Buffers for all mini-batches: fresh ones cost page faults (measured: a fourth of gathering).
    shape = len(orders) * batch_size, data.train_images.shape[1]
    grey_levels, pixels = torch.empty(shape, dtype=torch.uint8), torch.empty(shape)
    losses = torch.empty(order.shape)
    correct = torch.empty(order.shape)
    for start in range(0, n_images, batch_size):
        batch = slice(start, start + batch_size)
        chosen = order[:, batch]
        answers = data.train_labels[chosen]
        n = chosen.numel()
        torch.index_select(data.train_images, 0, chosen.flatten(), out=grey_levels[:n])
        images = normalize(grey_levels[:n], data.normalization, out=pixels[:n])
        logits = model.forward(parameters, images.view(*chosen.shape, -1))
        loss = model.cross_entropy(logits, answers)
        # the gradient of every seed's mean loss: seeds share no parameter
        gradients = torch.autograd.grad(
            loss, parameters, torch.full_like(loss, 1 / chosen.shape[1])
        )
        losses[:, batch] = loss.detach()
        correct[:, batch] = model.predict(logits.detach()) == answers
        step(gradients)
    return _batch_means(losses, batch_size), _batch_means(correct, batch_size)


def _batch_means(values, batch_size):
    return torch.stack([batch.mean(1) for batch in values.split(batch_size, dim=1)], dim=1)


def write_run(run, configuration, iterations, epochs, weights):
    """Write the files of a run, each beside and then renamed.

    Parameters
    ----------
    run : Run
    configuration : dict
        The arguments of `train` that the run depends on; kept as metadata with the provenance.
    iterations, epochs, weights : path
        Two parquet files, see `descent.records`, and a safetensors file.
    """
    variant, root_seed = configuration["variant"], configuration["root_seed"]
    metadata = {
        "configuration": configuration,
        "seed": run.seed,
        "streams": {
            purpose: stream_seed(root_seed, purpose, variant, run.seed) for purpose in PURPOSES
        },
        **provenance(),
        **run.status(),
    }
    with replacing(weights) as part:
        save_file(run.parameters, part)
    records.write_epochs(epochs, variant, run, metadata)
    records.write_iterations(iterations, variant, run, metadata)
