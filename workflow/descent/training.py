"""Training a batch of seeds of one variant together.

A run's numbers depend on its variant, seed and configuration alone: not on the seeds beside it, on
the number of cores or on other variants.
"""

import statistics
import textwrap
import time
import timeit
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save_file

from descent import model, records
from descent.checkpoint import Checkpoint
from descent.data import hold_out, normalize
from descent.files import replacing
from descent.optimizers import make_step
from descent.provenance import provenance, rule_provenance
from descent.runs import Run
from descent.seeding import generator, stream_seed, stream_variant, validation_generator

#: What the random streams of a run are for.
PURPOSES = ("initialization", "order")

#: Forward passes of the untrained network that are timed.
_TIMED_PASSES = 25


def train(
    data,
    variant,
    settings,
    seeds,
    *,
    root_seed,
    seeding,
    hidden,
    epochs,
    batch_size,
    evaluation_batch_size,
    threads,
    validation_fraction=0,
    checkpoint_folder=None,
    identity=None,
):
    """Train one network for each seed, all with the same optimizer.

    Parameters
    ----------
    data : descent.data.PreparedData
    variant : str
        Its name, part of every random stream of independent runs.
    settings : dict
        `optimizer` and its hyperparameters.
    seeds : list of int
    root_seed : int
    seeding : str
        `independent`, or `paired`: the runs of a seed share initialisation and mini-batches with
        those of other variants.
    hidden : list of int
        Widths of the hidden layers.
    epochs, batch_size, evaluation_batch_size : int
    threads : int
        Threads of torch; set for the whole process.
    validation_fraction : float
        Of the training images, see `descent.data.hold_out`.
    checkpoint_folder : path, optional
        Where progress is kept after every epoch, and taken up: runs that were interrupted get the
        same bits as others.
    identity : dict, optional
        What else the numbers depend on, see `descent.checkpoint.Checkpoint`.

    Returns
    -------
    list of descent.runs.Run
        One for each seed, in order. Progress is printed. Training ends early when every seed of a
        stack has diverged; a seed that diverges beside others changes none of their bits.
    """
    torch.set_num_threads(threads)
    data = hold_out(data, validation_fraction, validation_generator(root_seed))
    sizes = model.layer_sizes(data.train_images.shape[1], hidden, data.n_classes)
    last_batches = [
        len(data.train_images) % batch_size or batch_size,
        len(data.test_images) % evaluation_batch_size or evaluation_batch_size,
    ]
    if validation_fraction:
        rest = len(data.validation_images) % evaluation_batch_size
        last_batches.append(rest or evaluation_batch_size)
    together = _same_bits_when_stacked(sizes, last_batches, threads)
    runs = []
    for index, stack in enumerate([seeds] if together else [[seed] for seed in seeds]):
        begin = partial(_begin, sizes, settings, stack, root_seed, stream_variant(variant, seeding))
        runs += _train_stack(
            data,
            stack,
            begin,
            _checkpoint(checkpoint_folder, index, {"seeds": stack, **(identity or {})}),
            epochs=epochs,
            batch_size=batch_size,
            evaluation_batch_size=evaluation_batch_size,
        )
    return runs


def _begin(sizes, settings, seeds, root_seed, named):
    """Return untrained parameters, the step of their optimizer, and the generators of the order."""
    initial, orders = (
        [generator(root_seed, purpose, named, seed) for seed in seeds] for purpose in PURPOSES
    )
    parameters = model.initialize(sizes, initial)
    optimizer, hyperparameters = split_settings(settings)
    return parameters, make_step(optimizer, parameters, hyperparameters), orders


def _checkpoint(folder, index, identity):
    return folder and Checkpoint(Path(folder) / f"{index}.safetensors", identity)


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


def _train_stack(data, seeds, begin, checkpoint, *, epochs, batch_size, evaluation_batch_size):
    iterations_per_epoch = -(-len(data.train_images) // batch_size)
    test_images = normalize(data.test_images, data.normalization)
    if data.validation_images is not None:
        validation_images = normalize(data.validation_images, data.normalization)
    parameters, step, orders = begin()
    progress = checkpoint and checkpoint.load()
    if progress:
        try:
            runs = _resume(progress, parameters, step, orders)
        except Exception as error:  # whatever an optimizer raises, the same would be raised again
            why = textwrap.shorten(f"{type(error).__name__}: {error}", 300)
            print(f"checkpoint not used, training starts anew: {why}")
            progress, (parameters, step, orders) = None, begin()
    if not progress:
        runs = [Run(seed, iterations_per_epoch=iterations_per_epoch) for seed in seeds]
        for index, run in enumerate(runs):
            network = [parameter[index, None] for parameter in parameters]
            images = test_images[None, :evaluation_batch_size]
            run.forward_pass = _time_forward_pass(network, images)
    loss = accuracy = torch.empty(len(seeds), 0)  # the untrained network has no iterations
    seconds = 0.0
    for epoch in range(progress["epoch"] + 1 if progress else 0, epochs + 1):
        if all(run.diverged for run in runs):
            break
        if epoch > 0:
            start = time.perf_counter()
            loss, accuracy = train_epoch(parameters, step, data, orders, batch_size)
            seconds = (time.perf_counter() - start) / len(seeds)
        test_loss, test_accuracy = model.evaluate(
            parameters, test_images, data.test_labels, evaluation_batch_size
        )
        validation = {}
        if data.validation_images is not None:
            validation_loss, validation_accuracy = model.evaluate(
                parameters, validation_images, data.validation_labels, evaluation_batch_size
            )
            validation = {"loss": validation_loss, "accuracy": validation_accuracy}
        for index, run in enumerate(runs):
            if run.diverged:
                continue  # it stays in the stack: no seed's bits depend on those beside it
            run.record_epoch(
                loss[index].numpy(),
                accuracy[index].numpy(),
                test_loss[index].item(),
                test_accuracy[index].item(),
                seconds,
                **{f"validation_{name}": of[index].item() for name, of in validation.items()},
            )
            if run.diverged or epoch == epochs:
                run.parameters = _final_parameters(parameters, index)
        shown = " ".join(
            "diverged" if run.diverged else f"{100 * run.test_accuracy[-1]:.2f}" for run in runs
        )
        print(f"epoch {epoch}/{epochs}: test accuracy {shown} %, {seconds:.2f} s per seed")
        if checkpoint:
            checkpoint.save(partial(_progress, epoch, runs, parameters, step, orders))
    return runs


def _progress(epoch, runs, parameters, step, orders):
    """Gather what training goes on from after an epoch."""
    return {
        "epoch": epoch,
        "runs": [vars(run) for run in runs],
        "parameters": parameters,
        "optimizer": step.state(),
        "orders": [order.get_state() for order in orders],
    }


def _resume(progress, parameters, step, orders):
    """Set everything to what `_progress` gathered, and return the runs."""
    with torch.no_grad():
        for parameter, saved in zip(parameters, progress["parameters"], strict=True):
            parameter.copy_(saved)
    step.load_state(progress["optimizer"])
    for order, state in zip(orders, progress["orders"], strict=True):
        order.set_state(state)
    runs = [Run(**run) for run in progress["runs"]]
    print(f"going on after epoch {progress['epoch']}, from a checkpoint")
    return runs


@torch.no_grad()
def _time_forward_pass(network, images):
    seconds = timeit.repeat(lambda: model.forward(network, images), number=1, repeat=_TIMED_PASSES)
    return {"images": images.shape[1], "seconds": statistics.median(seconds)}


def _final_parameters(parameters, index):
    return {
        name: parameter[index].detach().squeeze(1 if name.startswith("b") else ()).clone()
        for name, parameter in zip(model.names(parameters), parameters, strict=True)
    }


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
    # Kept for the whole epoch, whose losses and accuracies then take a few calls, not a few each
    # iteration (measured: 2 to 3 %).
    logits = torch.empty(len(orders), data.n_classes, len(data.train_images))
    labels = []
    batches = mini_batches(data, orders, batch_size)
    for kept, (images, answers) in zip(logits.split(batch_size, 2), batches, strict=True):
        batch_logits, gradients = differentiate(parameters, images, answers)
        kept.copy_(batch_logits)
        labels.append(answers)
        step(gradients)
    return mini_batch_metrics(logits, torch.cat(labels, 1), batch_size)


def mini_batch_metrics(logits, labels, batch_size):
    """Compute the loss and the accuracy of each mini-batch of an epoch.

    Parameters
    ----------
    logits : torch.Tensor
        (seeds, classes, images), in the order of the epoch.
    labels : torch.Tensor
        (seeds, images), int64, likewise.
    batch_size : int

    Returns
    -------
    loss, accuracy : torch.Tensor
        (seeds, iterations), float32: mean cross-entropy in nats, and a share in [0, 1].
    """
    losses = model.cross_entropy(logits, labels)
    correct = (model.predict(logits) == labels).float()
    return tuple(
        torch.stack([batch.mean(1) for batch in values.split(batch_size, 1)], 1)
        for values in (losses, correct)
    )


def mini_batches(data, orders, batch_size):
    """Go through the training images once, every seed in a new order.

    Parameters
    ----------
    data : descent.data.PreparedData
    orders : list of torch.Generator
        One for each seed.
    batch_size : int

    Yields
    ------
    images : torch.Tensor
        (seeds, images, pixels), float32; overwritten by the next mini-batch.
    labels : torch.Tensor
        (seeds, images), int64.
    """
    n_images = len(data.train_images)
    order = torch.stack([torch.randperm(n_images, generator=generator) for generator in orders])
    labels = data.train_labels[order]  # at once: measured, a tenth of the time by mini-batches
    # Buffers for all mini-batches: fresh ones cost page faults (measured: a fourth of gathering).
    shape = len(orders) * batch_size, data.train_images.shape[1]
    grey_levels, pixels = torch.empty(shape, dtype=torch.uint8), torch.empty(shape)
    for chosen, answers in zip(
        order.split(batch_size, 1), labels.split(batch_size, 1), strict=True
    ):
        n = chosen.numel()
        torch.index_select(data.train_images, 0, chosen.flatten(), out=grey_levels[:n])
        images = normalize(grey_levels[:n], data.normalization, out=pixels[:n])
        yield images.view(*chosen.shape, -1), answers


def differentiate(parameters, images, labels):
    """Compute the gradients of every seed's mean cross-entropy over its mini-batch.

    Parameters
    ----------
    parameters : list of torch.Tensor
        Stacked over seeds, see `descent.model.initialize`.
    images, labels : torch.Tensor
        (seeds, images, pixels) and (seeds, images), see `mini_batches`.

    Returns
    -------
    logits : torch.Tensor
        (seeds, classes, images).
    gradients : list of torch.Tensor
        Like the parameters; fresh tensors.
    """
    logits = model.forward(parameters, images)
    # Seeds share no parameter: the gradient of their sum holds that of each.
    loss = model.cross_entropy(logits, labels, reduction="sum") / labels.shape[1]
    return logits.detach(), torch.autograd.grad(loss, parameters)


def write_run(run, configuration, iterations, epochs, weights):
    """Write the files of a run, each beside and then renamed.

    Parameters
    ----------
    run : descent.runs.Run
    configuration : dict
        The arguments of `train` that the run depends on; kept as metadata with the provenance.
    iterations, epochs, weights : path
        Two parquet files, see `descent.records`, and a safetensors file.
    """
    variant, root_seed = configuration["variant"], configuration["root_seed"]
    named = stream_variant(variant, configuration["seeding"])
    metadata = {
        "configuration": configuration,
        "seed": run.seed,
        "streams": {
            purpose: stream_seed(root_seed, purpose, named, run.seed) for purpose in PURPOSES
        },
        **provenance(),
        **rule_provenance(configuration["settings"]["optimizer"]),
        **run.status(),
    }
    with replacing(weights) as part:
        save_file(run.parameters, part)
    # Only the epochs have times: the iterations are the same bytes whenever they are trained.
    records.write_epochs(epochs, variant, run, metadata | {"forward_pass": run.forward_pass})
    records.write_iterations(iterations, variant, run, metadata)
