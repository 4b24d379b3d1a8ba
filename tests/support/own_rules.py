"""Update rules as users might write them, each unusual in some way; tests copy this file."""

import math

import torch


def clipped(parameters, gradients, state, *, lr, max_norm=0.5):
    norm = math.sqrt(sum(float(g.square().sum()) for g in gradients))
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr * min(1.0, max_norm / norm) * g)


def lars(parameters, gradients, state, *, lr, momentum=0.9, trust=0.02):
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        assert p.ndim == (1 if index % 2 else 2)
        rate = trust * p.norm() / g.norm() if p.norm() > 0 and g.norm() > 0 else 1.0
        velocity = state.setdefault(index, torch.zeros_like(p))
        velocity.mul_(momentum).add_(lr * rate * g)
        p.sub_(velocity)


velocity = None


def forgets_its_state(parameters, gradients, state, *, lr):
    global velocity
    if velocity is None:
        velocity = [torch.zeros_like(p) for p in parameters]
    for p, g, v in zip(parameters, gradients, velocity, strict=True):
        p.sub_(lr * v.mul_(0.9).add_(g))


class Normalized(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            norm = sum(p.grad.square().sum() for p in group["params"] if p.requires_grad).sqrt()
            for p in group["params"]:
                p.sub_(group["lr"] * p.grad / norm)


class Adam(torch.optim.Adam):
    pass


if hasattr(torch.optim, "Muon"):  # not in the oldest torch

    class Muon(torch.optim.Muon):
        pass
