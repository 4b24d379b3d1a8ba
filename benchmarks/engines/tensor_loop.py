"""The idiomatic PyTorch loop, nn.Sequential and torch.optim, over data held in one tensor."""

import torch
import torch.nn.functional as F
from torch import nn

from engines import BATCH_SIZE, LEARNING_RATE, initial_layers, training_arrays


def prepare(folder, momentum, compiled=False):
    """Train an nn.Sequential with torch.optim.SGD, without a DataLoader.

    Where it is compiled, the first epoch includes compilation.
    """
    images, labels = (torch.from_numpy(array) for array in training_arrays(folder))
    layers = []
    for weight, bias in initial_layers():
        linear = nn.Linear(*weight.T.shape)
        linear.load_state_dict(
            {"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)}, assign=True
        )
        layers += [linear, nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=momentum)

    def differentiate(pixels, answers):
        logits = model(pixels)
        loss = F.cross_entropy(logits, answers)
        loss.backward()
        return logits.detach(), loss.detach()

    step = optimizer.step
    if compiled:
        differentiate, step = torch.compile(differentiate), torch.compile(step)

    def epoch():
        losses, accuracies = [], []
        for chosen in torch.randperm(len(images)).split(BATCH_SIZE):
            answers = labels[chosen]
            optimizer.zero_grad()
            logits, loss = differentiate(images[chosen], answers)
            step()
            losses.append(loss)
            accuracies.append((logits.argmax(1) == answers).float().mean())
        return torch.stack(losses).numpy(), torch.stack(accuracies).numpy()

    def predict(test_images):
        with torch.no_grad():
            return model(torch.from_numpy(test_images)).argmax(1).numpy()

    return epoch, predict
