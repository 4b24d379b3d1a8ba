"""The idiomatic PyTorch loop, nn.Sequential and torch.optim, over data held in one tensor."""

import torch
import torch.nn.functional as F
from torch import nn

from engines import BATCH_SIZE, LEARNING_RATE, initial_layers, training_arrays


def prepare(folder, momentum):
    """Train an nn.Sequential with torch.optim.SGD, without a DataLoader."""
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

    def epoch():
        losses, accuracies = [], []
        for chosen in torch.randperm(len(images)).split(BATCH_SIZE):
            answers = labels[chosen]
            logits = model(images[chosen])
            loss = F.cross_entropy(logits, answers)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            accuracies.append((logits.detach().argmax(1) == answers).float().mean())
        return torch.stack(losses).numpy(), torch.stack(accuracies).numpy()

    return epoch
