"""The network f(x) = W2 relu(W1 relu(W0 x + b0) + b1) + b2, for all seeds of a stack at once.

The first dimension of every parameter is the seed: weights have the shape (seeds, outputs,
inputs), biases (seeds, outputs). Activations are columns, as in the formula: (seeds, features,
images). One batched product then serves all seeds, with the same bits as one product per seed.
"""

import itertools

import torch
import torch.nn.functional as F

from descent.layer import layer


def layer_sizes(n_inputs, hidden, n_classes):
    """List the layer widths from input to output."""
    return [n_inputs, *hidden, n_classes]


def initialize(sizes, generators, device="cpu"):
    """Draw the parameters of one network per generator.

    Weights are normal with mean 0 and standard deviation 1/sqrt(inputs of the layer); biases are 0.

    Parameters
    ----------
    sizes : list of int
        Layer widths from input to output.
    generators : list of torch.Generator
        One per seed, on the CPU.
    device : torch.device or str
        Where the parameters are, once they are drawn: they are the same on every device.

    Returns
    -------
    list of torch.Tensor
        W0, b0, W1, b1, ..., float32, stacked over seeds, requiring gradients.
    """
    parameters = []
    for n_inputs, n_outputs in itertools.pairwise(sizes):
        weights = [
            torch.empty(n_outputs, n_inputs).normal_(0, n_inputs**-0.5, generator=generator)
            for generator in generators
        ]
        parameters += [torch.stack(weights), torch.zeros(len(generators), n_outputs)]
    return [parameter.to(device).requires_grad_() for parameter in parameters]


def names(parameters):
    """Return the names of the parameters in the formula: W0, b0, W1, b1, ..."""
    return [f"{'Wb'[index % 2]}{index // 2}" for index in range(len(parameters))]


def unstack(tensors):
    """Return views of the parameters, or gradients, of each network in a stack.

    Parameters
    ----------
    tensors : list of torch.Tensor
        Stacked over seeds.

    Returns
    -------
    list of list of torch.Tensor
        For each seed, its tensors in the memory of the stack.
    """
    return [list(network) for network in zip(*(tensor.unbind() for tensor in tensors), strict=True)]


def forward(parameters, images):
    """Compute the logits.

    Parameters
    ----------
    parameters : list of torch.Tensor
        As `initialize` returns them.
    images : torch.Tensor
        (seeds, images, pixels), a separate mini-batch for each seed, float32.

    Returns
    -------
    torch.Tensor
        (seeds, classes, images).
    """
    activations = images.mT
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    for weight, bias in layers[:-1]:
        activations = layer(weight, bias, activations).relu_()
    weight, bias = layers[-1]
    return layer(weight, bias, activations)


def cross_entropy(logits, labels, reduction="none"):
    """Compute each image's cross-entropy in nats, (seeds, images) like the labels, or the `sum`."""
    return F.cross_entropy(logits, labels, reduction=reduction)


def predict(logits):
    """Return the most probable class of each image: (seeds, images)."""
    return logits.max(1).indices  # measured: argmax takes ten times as long along this dimension


@torch.no_grad()
def evaluate(parameters, images, labels, batch_size, forward=forward):
    """Compute the mean cross-entropy and the accuracy of every seed over a whole data set.

    Both are summed over images and then divided by their number, so that a smaller last batch gets
    no extra weight.

    Parameters
    ----------
    parameters : list of torch.Tensor
        As `initialize` returns them.
    images : torch.Tensor
        (images, pixels), the same for all seeds.
    labels : torch.Tensor
        (images,), int64.
    batch_size : int
    forward : callable
        Computes the logits of another network.

    Returns
    -------
    loss, accuracy : torch.Tensor
        (seeds,), float64, on the CPU; in nats, and as a fraction in [0, 1].
    """
    n_seeds = len(parameters[0])
    loss = torch.zeros(n_seeds, dtype=torch.float64, device=labels.device)
    correct = torch.zeros(n_seeds, dtype=torch.int64, device=labels.device)
    for batch, answers in zip(images.split(batch_size), labels.split(batch_size), strict=True):
        answers = answers.expand(n_seeds, -1)
        logits = forward(parameters, batch.expand(n_seeds, -1, -1))
        loss += cross_entropy(logits, answers).sum(1, dtype=torch.float64)
        correct += (predict(logits) == answers).sum(1)
    return loss.cpu() / len(labels), correct.cpu().double() / len(labels)
