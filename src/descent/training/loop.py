"""Train several seeds of one variant together.

A run's numbers depend only on its variant, seed, configuration and kind of CPU or GPU: not on the
other seeds of its stack, the number of cores or other variants.
"""

import statistics
import textwrap
import time
import timeit
from functools import partial
from pathlib import Path

import torch

from descent import model
from descent.data.prepared import hold_out, normalize
from descent.optimizers.variant import make_variant_step
from descent.training.checkpoint import Checkpoint
from descent.training.device import naming_stack_size, reproducible, resolve, wait
from descent.training.epoch import OF_IMAGES, train_epoch
from descent.training.networks import can_be_stacked, make_networks
from descent.training.orders import Orders
from descent.training.run import Run
from descent.training.seeding import OPTIMIZER, generators, validation_generator

#: Number of timed forward passes of the untrained network.
_TIMED_PASSES = 25


def train(
    data,
    variant,
    settings,
    seeds,
    *,
    training,
    epochs,
    evaluation_batch_size,
    stack_size=250,
    checkpoint_folder=None,
    identity=None,
):
    """Train one network per seed, all with the same optimizer.

    Parameters
    ----------
    data : descent.data.prepared.PreparedData
    variant : str
        Its name, from which the random streams of independent runs are derived.
    settings : dict
        `optimizer`, its hyperparameters, and what else training does with it, see
        `descent.optimizers.variant.make_variant_step`.
    seeds : list of int
    training : descent.training.settings.TrainingSettings
    epochs, evaluation_batch_size : int
    stack_size : int
        How many networks a GPU always trains together; a stack with fewer seeds is filled up. The
        CPU trains as many as there are seeds.
    checkpoint_folder : path, optional
        Where progress is saved and resumed from: an interrupted run gets the same bits as an
        uninterrupted one.
    identity : dict, optional
        What else the numbers depend on, see `descent.training.checkpoint.Checkpoint`.

    Returns
    -------
    list of descent.training.run.Run
        One per seed, in order. Progress is printed. Training ends early once every seed of a stack
        has diverged; a diverged seed does not change the bits of the others.

    Raises
    ------
    descent.errors.DeviceError
        If the device is not there, or if its memory is too small.
    descent.errors.RuleError
        If the user's update rule or module is wrong.
    """
    device = resolve(training.device)
    torch.set_num_threads(training.threads)
    iterations_per_epoch = training.iterations_per_epoch(len(data.train_images))
    validation_images = validation_generator(training.root_seed)
    data = hold_out(data, training.validation_fraction, validation_images).to(device)
    stackable = can_be_stacked(training)
    fixed = _fixed_size(device, stack_size) if stackable else None
    together = stackable and _same_bits_when_stacked(training, data, evaluation_batch_size)
    at_once = fixed or (len(seeds) if together else 1)
    runs = []
    for index, start in enumerate(range(0, len(seeds), at_once)):
        stack = seeds[start : start + at_once]
        # filled up with further networks of the last seed, whose results are not looked at
        filling = [stack[-1]] * (fixed - len(stack)) if fixed else []
        begin = partial(
            _begin, data, variant, settings, [*stack, *filling], training, iterations_per_epoch
        )
        with reproducible(device), naming_stack_size(at_once):
            runs += _train_stack(
                data,
                stack,
                begin,
                _checkpoint(checkpoint_folder, index, {"seeds": stack, **(identity or {})}),
                epochs=epochs,
                iterations_per_epoch=iterations_per_epoch,
                batch_size=training.batch_size,
                evaluation_batch_size=evaluation_batch_size,
            )
    return runs


def _begin(data, variant, settings, seeds, training, iterations_per_epoch):
    """Return the untrained networks, their optimizer's step, and the orders of the images."""
    device, n_images = data.train_images.device, len(data.train_images)
    networks = make_networks(training, data, variant, seeds, device)
    noise = generators(training, OPTIMIZER, variant, seeds)
    step = make_variant_step(
        settings, networks.parameters, iterations_per_epoch, networks.names, noise
    )
    shuffling = generators(training, "order", variant, seeds)
    return networks, step, Orders(shuffling, n_images, ahead=device.type != "cpu")


def _checkpoint(folder, index, identity):
    return folder and Checkpoint(Path(folder) / f"{index}.safetensors", identity)


def _same_bits_when_stacked(training, data, evaluation_batch_size):
    """Tell whether a stack of seeds gives the same bits as each seed alone.

    Measured: with several threads, stacked products are split differently, and products with a
    vector use another kernel. In both cases the seeds train one after another.
    """
    hidden = training.hidden or (training.model or {}).get("hidden", ())
    sizes = [data.train_images.shape[1], *hidden, data.n_classes]
    last_batches = [
        len(images) % size or size
        for images, size in (
            (data.train_images, training.batch_size),
            (data.test_images, evaluation_batch_size),
            (data.validation_images, evaluation_batch_size),
        )
        if images is not None
    ]
    return training.threads == 1 and min(*sizes, *last_batches) > 1


def _fixed_size(device, stack_size):
    """Return the number of networks in every stack; None where it may be any.

    Measured: cuBLAS chooses the kernel of a stacked product by the number of networks.
    """
    return None if device.type == "cpu" else stack_size


def _train_stack(
    data,
    seeds,
    begin,
    checkpoint,
    *,
    epochs,
    iterations_per_epoch,
    batch_size,
    evaluation_batch_size,
):
    test_images = normalize(data.test_images, data.normalization)
    if data.validation_images is not None:
        validation_images = normalize(data.validation_images, data.normalization)
    networks, step, orders = begin()
    progress = checkpoint and checkpoint.load()
    if progress:
        try:
            runs = _resume(progress, networks, step, orders)
        except Exception as error:  # an optimizer may raise anything, and would on every restart
            why = textwrap.shorten(f"{type(error).__name__}: {error}", 300)
            print(f"checkpoint not used, training starts over: {why}")
            progress, (networks, step, orders) = None, begin()
    if not progress:
        device = data.train_images.device.type
        runs = [
            Run(seed, iterations_per_epoch=iterations_per_epoch, device=device) for seed in seeds
        ]
        for index, run in enumerate(runs):
            images = test_images[None, :evaluation_batch_size]
            run.forward_pass = _time_forward_pass(networks, index, images)
    # the untrained network has no iterations
    recorded = {column: torch.empty(len(seeds), 0) for column in OF_IMAGES}
    seconds = 0.0
    for epoch in range(progress["epoch"] + 1 if progress else 0, epochs + 1):
        if all(run.diverged for run in runs):
            break
        if epoch > 0:
            start = time.perf_counter()
            recorded = train_epoch(networks, step, data, orders.next(), batch_size)
            recorded = {column: values.cpu() for column, values in recorded.items()}
            seconds = (time.perf_counter() - start) / len(seeds)
        step.train(False)
        test_loss, test_accuracy = _evaluate(
            networks, test_images, data.test_labels, evaluation_batch_size
        )
        validation = {}
        if data.validation_images is not None:
            validation_loss, validation_accuracy = _evaluate(
                networks, validation_images, data.validation_labels, evaluation_batch_size
            )
            validation = {"loss": validation_loss, "accuracy": validation_accuracy}
        for index, run in enumerate(runs):
            if run.diverged:
                continue  # it stays in the stack: seeds do not change each other's bits
            run.record_epoch(
                {column: values[index].numpy() for column, values in recorded.items()},
                test_loss[index].item(),
                test_accuracy[index].item(),
                seconds,
                **{f"validation_{name}": of[index].item() for name, of in validation.items()},
            )
            if run.diverged or epoch == epochs:
                run.parameters = _final_tensors(networks, index)
        step.train()
        shown = " ".join(
            "diverged" if run.diverged else f"{100 * run.test_accuracy[-1]:.2f}" for run in runs
        )
        print(f"epoch {epoch}/{epochs}: test accuracy {shown} %, {seconds:.2f} s per seed")
        if checkpoint:
            checkpoint.save(partial(_progress, epoch, runs, networks, step, orders))
    return runs


def _progress(epoch, runs, networks, step, orders):
    """Gather everything that training resumes from after an epoch."""
    return {
        "epoch": epoch,
        "runs": [vars(run) for run in runs],
        "parameters": networks.parameters,
        "networks": networks.state(),
        "optimizer": step.state(),
        "orders": orders.state(),
    }


def _resume(progress, networks, step, orders):
    """Restore everything that `_progress` gathered, and return the runs."""
    with torch.no_grad():
        for parameter, saved in zip(networks.parameters, progress["parameters"], strict=True):
            parameter.copy_(saved)
    networks.load_state(progress["networks"])
    step.load_state(progress["optimizer"])
    orders.load_state(progress["orders"])
    runs = [Run(**run) for run in progress["runs"]]
    print(f"resuming after epoch {progress['epoch']}, from a checkpoint")
    return runs


def _evaluate(networks, images, labels, batch_size):
    with networks.blame():
        return model.evaluate(networks.parameters, images, labels, batch_size, networks.evaluate)


@torch.no_grad()
def _time_forward_pass(networks, index, images):
    """Time the forward pass of one network of the stack."""
    network = [parameter[index, None] for parameter in networks.parameters]

    def pass_forward():
        networks.evaluate(network, images)
        wait(images.device)

    seconds = timeit.repeat(pass_forward, number=1, repeat=_TIMED_PASSES)
    return {"images": images.shape[1], "seconds": statistics.median(seconds)}


def _final_tensors(networks, index):
    """Copy the parameters of a network, and what it has besides, to the CPU."""
    parameters = zip(networks.names, networks.parameters, strict=True)
    tensors = {name: parameter[index].detach() for name, parameter in parameters}
    tensors |= networks.buffers(index)
    return {name: tensor.to("cpu", copy=True) for name, tensor in tensors.items()}
