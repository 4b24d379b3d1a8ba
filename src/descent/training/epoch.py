"""One epoch: mini-batches, their gradients, and what is recorded of them."""

import torch

from descent import model
from descent.data.prepared import normalize


def train_epoch(parameters, step, data, orders, batch_size):
    """Train on every image once, in a new order.

    Parameters
    ----------
    parameters : list of torch.Tensor
        Stacked over seeds, see `descent.model.initialize`.
    step : callable
        See `descent.optimizers.step.make_step`.
    data : descent.data.prepared.PreparedData
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
    data : descent.data.prepared.PreparedData
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
