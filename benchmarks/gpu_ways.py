"""Ways to train a stack of the lab's networks on a GPU, and the products that all of them need.

Each function takes the data, on the device, and the number of networks, and returns `epoch()`,
which goes on for one epoch and returns what it recorded of each mini-batch, on the CPU.
"""

import itertools

import torch
import torch.nn.functional as F
from torch import nn

from descent import model
from descent.data.prepared import normalize
from engines import BATCH_SIZE, HIDDEN, LEARNING_RATE

RULE = {"lr": LEARNING_RATE, "momentum": 0.9}


def products(data, n):
    """Compute the eight batched products of every iteration and nothing else: the limit."""
    device, n_pixels = data.train_images.device, data.train_images.shape[1]

    def random(*shape):
        return torch.randn(n, *shape, device=device) / shape[-1] ** 0.5

    sizes = model.layer_sizes(n_pixels, HIDDEN, data.n_classes)
    w0, w1, w2 = (random(outputs, inputs) for inputs, outputs in itertools.pairwise(sizes))
    pixels = random(BATCH_SIZE, n_pixels)
    batches = [pixels[:, : len(labels)] for labels in data.train_labels.split(BATCH_SIZE)]

    @torch.no_grad()
    def epoch():
        for images in batches:
            h0 = torch.bmm(w0, images.mT)
            h1 = torch.bmm(w1, h0)
            logits = torch.bmm(w2, h1)
            torch.bmm(logits, h1.mT)
            d1 = torch.bmm(w2.mT, logits)
            torch.bmm(d1, h0.mT)
            d0 = torch.bmm(w1.mT, d1)
            gradient = torch.bmm(d0, images)
        return gradient[0, 0, 0].cpu()  # waits for the GPU

    return epoch


def plain_torch(data, n=1):
    """Train one network as a tutorial does, but with the data on the GPU."""
    inputs, *hidden, outputs = model.layer_sizes(data.train_images.shape[1], HIDDEN, data.n_classes)
    layers = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), nn.ReLU()]
        inputs = width
    device = data.train_images.device
    network = nn.Sequential(*layers, nn.Linear(inputs, outputs)).to(device)
    optimizer = torch.optim.SGD(network.parameters(), **RULE)
    pixels = normalize(data.train_images, data.normalization)

    def epoch():
        recorded = []
        for chosen in torch.randperm(len(pixels), device=device).split(BATCH_SIZE):
            labels = data.train_labels[chosen]
            logits = network(pixels[chosen])
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            accuracy = (logits.argmax(1) == labels).float().mean()
            recorded.append(torch.stack([loss.detach(), accuracy]))
        return torch.stack(recorded).cpu()

    return epoch


def torch_func(data, n):
    """Train all networks at once, by `torch.func`: vmap, over the seeds, of grad."""
    device = data.train_images.device
    sizes = model.layer_sizes(data.train_images.shape[1], HIDDEN, data.n_classes)
    generators = [torch.Generator().manual_seed(seed) for seed in range(n)]
    parameters = [p.detach() for p in model.initialize(sizes, generators, device)]
    optimizer = torch.optim.SGD(parameters, **RULE)
    pixels = normalize(data.train_images, data.normalization)

    def loss(network, images, labels):
        w0, b0, w1, b1, w2, b2 = network
        hidden = F.linear(F.linear(images, w0, b0).relu(), w1, b1).relu()
        logits = F.linear(hidden, w2, b2)
        mean = F.cross_entropy(logits, labels)
        return mean, torch.stack([mean, (logits.argmax(1) == labels).float().mean()])

    differentiate = torch.func.vmap(torch.func.grad(loss, has_aux=True))

    def epoch():
        recorded = []
        orders = torch.rand(n, len(pixels), device=device).argsort(1)
        for chosen in orders.split(BATCH_SIZE, 1):
            gradients, values = differentiate(parameters, pixels[chosen], data.train_labels[chosen])
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
            optimizer.step()
            recorded.append(values)
        return torch.stack(recorded).cpu()

    return epoch
