"""The lab's loop, taken literally: torchvision images one at a time, values read at every step."""

import numpy as np
import torch
import torch.nn.functional as F

from descent.data.prepare import loaders
from engines import BATCH_SIZE, LEARNING_RATE, initial_layers


def prepare(folder, momentum):
    """Train plain tensors with a hand-written update rule on batches from a DataLoader."""
    loader, _ = loaders(folder, batch_size=BATCH_SIZE)
    parameters = [
        torch.from_numpy(value).requires_grad_() for layer in initial_layers() for value in layer
    ]
    velocities = [torch.zeros_like(parameter) for parameter in parameters]

    def update():
        with torch.no_grad():
            for parameter, velocity in zip(parameters, velocities, strict=True):
                direction = parameter.grad
                if momentum:
                    direction = velocity.mul_(momentum).add_(parameter.grad)
                parameter -= LEARNING_RATE * direction
                parameter.grad.zero_()

    def network(images):
        w0, b0, w1, b1, w2, b2 = parameters
        hidden = torch.relu(images.view(len(images), -1) @ w0.T + b0)
        return torch.relu(hidden @ w1.T + b1) @ w2.T + b2

    def epoch():
        losses, accuracies = [], []
        for images, labels in loader:
            logits = network(images)
            loss = F.cross_entropy(logits, labels)
            loss.backward()
            update()
            losses.append(loss.item())
            accuracies.append((logits.argmax(1) == labels).float().mean().item())
        return np.array(losses), np.array(accuracies)

    def predict(images):
        return network(torch.from_numpy(images)).argmax(1).numpy()

    return epoch, predict
