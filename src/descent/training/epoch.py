"""One epoch: its mini-batches, their gradients, and the values recorded from them."""

import torch

from descent import model
from descent.data.prepared import normalize


def _is_correct(logits, labels):
    return (model.predict(logits) == labels).float()


#: What is recorded at every iteration. Maps each column to the function that computes its value for
#: each image, (seeds, images), float32, from logits and labels; `descent.metrics` has the labels.
OF_IMAGES = {"train_loss": model.cross_entropy, "train_accuracy": _is_correct}


def train_epoch(networks, step, data, orders, batch_size):
    """Train on every image once.

    Parameters
    ----------
    networks : descent.training.networks.Layers or descent.training.modules.Modules
    step : callable
        See `descent.optimizers.step.make_step`.
    data : descent.data.prepared.PreparedData
        Its training images are used.
    orders : torch.Tensor
        (seeds, images), the order of each seed, see `descent.training.orders.draw`.
    batch_size : int
        The last mini-batch has the remaining images.

    Returns
    -------
    dict
        Maps each column of `OF_IMAGES` to a tensor (seeds, iterations), float32: its mean over each
        mini-batch, before the update. Like everything in an epoch, it stays on the device of the
        data, so that a GPU is never waited for.
    """
    # Kept for the whole epoch, so that losses and accuracies take a few calls per epoch, not per
    # iteration (measured: saves 2 to 3 %).
    shape = len(orders), data.n_classes, len(data.train_images)
    logits = torch.empty(shape, device=data.train_images.device)
    labels = []
    batches = mini_batches(data, orders, batch_size)
    for kept, (images, answers) in zip(logits.split(batch_size, 2), batches, strict=True):
        networks.next_iteration()
        batch_logits, gradients = differentiate(networks, images, answers)
        kept.copy_(batch_logits)
        labels.append(answers)
        step(gradients)
    return mini_batch_metrics(logits, torch.cat(labels, 1), batch_size)


def mini_batch_metrics(logits, labels, batch_size):
    """Average the metrics over each mini-batch of an epoch.

    Parameters
    ----------
    logits : torch.Tensor
        (seeds, classes, images), in the order of the epoch.
    labels : torch.Tensor
        (seeds, images), int64, in the same order.
    batch_size : int

    Returns
    -------
    dict
        Maps each column of `OF_IMAGES` to a tensor (seeds, iterations), float32.
    """
    return {
        column: torch.stack(
            [batch.mean(1) for batch in of_images(logits, labels).split(batch_size, 1)], 1
        )
        for column, of_images in OF_IMAGES.items()
    }


def mini_batches(data, orders, batch_size):
    """Iterate over the training images once, every seed in its own order.

    Parameters
    ----------
    data : descent.data.prepared.PreparedData
    orders : torch.Tensor
        (seeds, images), see `descent.training.orders.draw`.
    batch_size : int

    Yields
    ------
    images : torch.Tensor
        (seeds, images, pixels), float32; overwritten by the next mini-batch.
    labels : torch.Tensor
        (seeds, images), int64.
    """
    device = data.train_images.device
    orders = orders.to(device)
    # all at once: measured, 10 times as fast as by mini-batch
    labels = data.train_labels.index_select(0, orders.flatten()).view(orders.shape)
    # Reused buffers: new ones would cost page faults (measured: a quarter of the gathering time).
    shape = len(orders) * batch_size, data.train_images.shape[1]
    grey_levels = torch.empty(shape, dtype=torch.uint8, device=device)
    pixels = torch.empty(shape, device=device)
    for chosen, answers in zip(
        orders.split(batch_size, 1), labels.split(batch_size, 1), strict=True
    ):
        n = chosen.numel()
        torch.index_select(data.train_images, 0, chosen.flatten(), out=grey_levels[:n])
        images = normalize(grey_levels[:n], data.normalization, out=pixels[:n])
        yield images.view(*chosen.shape, -1), answers


def differentiate(networks, images, labels, parameters=None):
    """Compute the gradients of every seed's mean cross-entropy over its mini-batch.

    Parameters
    ----------
    networks : descent.training.networks.Layers or descent.training.modules.Modules
    images, labels : torch.Tensor
        (seeds, images, pixels) and (seeds, images), see `mini_batches`.
    parameters : list of torch.Tensor, optional
        In place of those of the networks.

    Returns
    -------
    logits : torch.Tensor
        (seeds, classes, images).
    gradients : list of torch.Tensor
        With the shapes of the parameters; new tensors.
    """
    parameters = networks.parameters if parameters is None else parameters
    with networks.blame():
        logits = networks.forward(parameters, images)
        # Seeds share no parameters, so the gradient of their sum contains the gradient of each.
        if labels.device.type == "cpu":
            loss = model.cross_entropy(logits, labels, reduction="sum") / labels.shape[1]
            return logits.detach(), torch.autograd.grad(loss, parameters, materialize_grads=True)
        # A GPU has no deterministic sum of these losses. Weighting each of them has the same bits.
        losses = model.cross_entropy(logits, labels)
        weights = torch.full_like(losses, 1 / labels.shape[1])
        gradients = torch.autograd.grad(losses, parameters, weights, materialize_grads=True)
        return logits.detach(), gradients
