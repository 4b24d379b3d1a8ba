"""Modules as people write them, right and wrong, for images of 8 x 8 pixels and four classes."""

import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.fc = nn.Linear(4 * 8 * 8, 4)

    def forward(self, x):
        return self.fc(F.relu(self.conv1(x)).flatten(1))


# right


class WithNorm(Small):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(4)

    def forward(self, x):
        return self.fc(F.relu(self.bn(self.conv1(x))).flatten(1))


class WithBoth(WithNorm):
    def __init__(self, p=0.3):
        super().__init__()
        self.drop = nn.Dropout(p)

    def forward(self, x):
        return self.fc(self.drop(F.relu(self.bn(self.conv1(x)))).flatten(1))


class Reassigns(Small):
    def __init__(self):
        super().__init__()
        self.register_buffer("running", torch.zeros(4))

    def forward(self, x):
        logits = super().forward(x)
        if self.training:
            self.running = 0.9 * self.running + 0.1 * logits.mean(0)
        return logits - self.running.detach()


class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.fc = nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.LazyLinear(4)

    def forward(self, x):
        return self.fc(F.relu(self.bn(self.conv(x))).flatten(1))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.out = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 4)
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.out(F.relu(self.b(F.relu(self.a(x.flatten(1))))))


class Spectral(Small):
    def __init__(self):
        super().__init__()
        self.fc = nn.utils.parametrizations.spectral_norm(self.fc)


class Scaled(Small):
    """With a parameter without dimensions, and one without a name of a layer."""

    def __init__(self):
        super().__init__()
        self.temperature = nn.Parameter(torch.tensor(1.0))
        self.shift = nn.ParameterList([nn.Parameter(torch.zeros(4))])

    def forward(self, x):
        return super().forward(x) * self.temperature + self.shift[0]


class Frozen(Small):
    def __init__(self):
        super().__init__()
        self.conv1.requires_grad_(False)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.fc = nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 4)

    def forward(self, x):
        return self.fc(self.lstm(x.squeeze(1))[0][:, -1])


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(8, 16)
        self.encode = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.fc = nn.Linear(16, 4)

    def forward(self, x):
        return self.fc(self.encode(self.embed(x.squeeze(1))).mean(1))


class KeepsActivations(Small):
    def forward(self, x):
        self.last = super().forward(x)
        return self.last


class Seeds(Small):
    """As in a notebook that is to be reproducible."""

    def __init__(self):
        torch.manual_seed(0)
        np.random.seed(0)
        super().__init__()


class Recomputes(Small):
    def forward(self, x):
        def begin(images):
            return F.dropout(F.relu(self.conv1(images)), 0.5, self.training)

        return self.fc(checkpoint(begin, x, use_reentrant=False).flatten(1))


class Hooked(Small):
    def __init__(self):
        super().__init__()
        self.fc.register_forward_hook(lambda module, inputs, output: 2 * output)


def made(width=8):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Tanh(), nn.Linear(width, 4))


# wrong


class OneLogit(Small):
    def forward(self, x):
        return super().forward(x).sum(1)


class Two(Small):
    def forward(self, x):
        return super().forward(x), x


class WithNumPy(Small):
    def forward(self, x):
        return super().forward(x + float(np.random.rand()))


class WithRandom(Small):
    def forward(self, x):
        return super().forward(x + random.random())


class Counts(Small):
    n = 0

    def forward(self, x):
        self.n += 1
        return super().forward(x)


class Remembers(Small):
    def __init__(self):
        super().__init__()
        self.memory = torch.zeros(4)

    def forward(self, x):
        logits = super().forward(x) + self.memory
        self.memory = logits.mean(0).detach()
        return logits


class NoParameters(nn.Module):
    def forward(self, x):
        return x.flatten(1)[:, :4]


class AllFrozen(Small):
    def __init__(self):
        super().__init__()
        self.requires_grad_(False)


class Unused(Small):
    def __init__(self):
        super().__init__()
        self.extra = nn.Linear(2, 2)


class DropsInEvaluation(Small):
    def forward(self, x):
        return F.dropout(super().forward(x), 0.5)


class Double(Small):
    def __init__(self):
        super().__init__()
        self.double()


class DoubleLogits(Small):
    def forward(self, x):
        return super().forward(x).double()


class NoModule:
    pass


class ChangesInPlace(Small):
    def forward(self, x):
        maps = torch.sigmoid(self.conv1(x))
        maps += 1
        return self.fc(maps.mul_(2).flatten(1))


class Misspelt(Small):
    def forward(self, x):
        return self.fcc(x)


class Unflattened(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64, 4)

    def forward(self, x):
        return self.fc(x)


class Detached(Small):
    def forward(self, x):
        return super().forward(x).detach()


class Threads(Small):
    def __init__(self):
        super().__init__()
        torch.set_num_threads(torch.get_num_threads() + 1)


class SeedsInForward(Small):
    def forward(self, x):
        torch.manual_seed(0)
        return super().forward(F.dropout(x, 0.2, self.training))


class Color(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4 * 36, 4)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


class _Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        raise ValueError("no gradient here")


class WrongBackward(Small):
    def forward(self, x):
        return _Wrong.apply(super().forward(x))


class OnTheCpu(Small):
    """Right on the CPU only."""

    def forward(self, x):
        return super().forward(x) + torch.ones(4, device="cpu")
