"""Only the operators of our engine, on stacked seeds: what is left to gain without a compiler.

There is no autograd, no update rule and hardly any allocation: the gradient is written out by hand,
into preallocated tensors.
"""

import torch

from descent import model
from descent.data.prepared import load_prepared, normalize
from descent.layer import is_wide, products
from descent.training.epoch import mini_batch_metrics
from descent.training.seeding import generator
from engines import BATCH_SIZE, HIDDEN, LEARNING_RATE, prepared_file


def prepare(folder, momentum, seeds, hidden=HIDDEN):
    """Train `seeds` networks together with SGD, written out operator by operator."""
    torch.set_num_threads(1)
    data = load_prepared(prepared_file(folder))
    initialization, orders = (
        [generator(0, purpose, "operators", seed) for seed in range(seeds)]
        for purpose in ("initialization", "order")
    )
    sizes = model.layer_sizes(data.train_images.shape[1], hidden, data.n_classes)
    parameters = [parameter.detach() for parameter in model.initialize(sizes, initialization)]
    w0, w1, w2 = parameters[::2]
    b0, b1, b2 = (bias.unsqueeze(2) for bias in parameters[1::2])  # columns of the same memory
    wide = is_wide(w0)
    gradients = [torch.empty_like(parameter) for parameter in parameters]
    velocities = [torch.zeros_like(parameter) for parameter in parameters]
    n_images = len(data.train_images)
    buffers = {n: _buffers(seeds, n, sizes) for n in {BATCH_SIZE, n_images % BATCH_SIZE}}
    logits_of_epoch = torch.empty(seeds, sizes[-1], n_images)

    def differentiate(images, labels, kept_logits, batch):
        h0, h1, logits, d0, d1, error = batch
        if wide:
            torch.add(products(w0, images.mT), b0, out=h0).relu_()
        else:
            torch.baddbmm(b0, w0, images.mT, out=h0).relu_()
        torch.baddbmm(b1, w1, h0, out=h1).relu_()
        torch.baddbmm(b2, w2, h1, out=logits)
        kept_logits.copy_(logits)
        torch.softmax(logits, 1, out=error).div_(labels.shape[2])
        error.scatter_add_(1, labels, torch.full(labels.shape, -1 / labels.shape[2]))
        torch.bmm(error, h1.mT, out=gradients[4])
        torch.sum(error, 2, out=gradients[5])
        torch.bmm(w2.mT, error, out=d1)
        torch.ops.aten.threshold_backward(d1, h1, 0, grad_input=d1)
        torch.bmm(d1, h0.mT, out=gradients[2])
        torch.sum(d1, 2, out=gradients[3])
        torch.bmm(w1.mT, d1, out=d0)
        torch.ops.aten.threshold_backward(d0, h0, 0, grad_input=d0)
        if wide:
            gradients[0] = products(d0, images)
        else:
            torch.bmm(d0, images, out=gradients[0])
        torch.sum(d0, 2, out=gradients[1])

    def epoch():
        order = torch.stack([torch.randperm(n_images, generator=order) for order in orders])
        answers = data.train_labels[order]
        for indices, labels, logits in zip(
            order.split(BATCH_SIZE, 1),
            answers.split(BATCH_SIZE, 1),
            logits_of_epoch.split(BATCH_SIZE, 2),
            strict=True,
        ):
            grey_levels, pixels, *batch = buffers[labels.shape[1]]
            torch.index_select(data.train_images, 0, indices.flatten(), out=grey_levels)
            images = normalize(grey_levels, data.normalization, out=pixels)
            images = images.view(seeds, labels.shape[1], -1)
            differentiate(images, labels.unsqueeze(1), logits, batch)
            for parameter, gradient, velocity in zip(
                parameters, gradients, velocities, strict=True
            ):
                step = velocity.mul_(momentum).add_(gradient) if momentum else gradient
                parameter.sub_(step, alpha=LEARNING_RATE)
        recorded = mini_batch_metrics(logits_of_epoch, answers, BATCH_SIZE)
        return recorded["train_loss"].numpy(), recorded["train_accuracy"].numpy()

    return epoch, None


def _buffers(seeds, n, sizes):
    """Allocate the tensors for a mini-batch of `n` images: its pixels and those of each layer."""
    rows = seeds * n, sizes[0]
    widths = [*sizes[1:], sizes[1], sizes[2], sizes[3]]
    layers = [torch.empty(seeds, width, n) for width in widths]
    return [torch.empty(rows, dtype=torch.uint8), torch.empty(rows), *layers]
