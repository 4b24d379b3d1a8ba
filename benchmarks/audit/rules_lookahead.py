"""Lookahead, as its paper defines it, and that of packages around SGD."""

import timm.optim
import torch
import torch_optimizer


def lookahead(parameters, gradients, state, *, lr, k=5, alpha=0.5):
    """Take steps of SGD, and after every k of them go a part of the way only.

    Zhang et al., Lookahead optimizer: k steps forward, 1 step back, NeurIPS 2019, algorithm 1: the
    slow weights phi begin as the weights before the first step; after k steps,
    phi <- phi + alpha (w - phi) and w <- phi.
    """
    slow = state.setdefault("slow", [w.clone() for w in parameters])
    state["t"] = state.get("t", 0) + 1
    for w, g, phi in zip(parameters, gradients, slow, strict=True):
        w.sub_(lr * g)
        if state["t"] % k == 0:
            w.copy_(phi.add_(w - phi, alpha=alpha))


class Around(torch.optim.Optimizer):
    """A wrapper of a package around SGD, as one class; see docs/packages.md."""

    wrap = None

    def __init__(self, params, lr, k=5, alpha=0.5):
        super().__init__(params, {"lr": lr})
        self.wrapped = type(self).wrap(torch.optim.SGD(self.param_groups, lr=lr), k=k, alpha=alpha)

    def step(self, closure=None):
        """Take a step of the wrapper, with the learning rate that is set now."""
        for group, own in zip(self.wrapped.param_groups, self.param_groups, strict=True):
            group["lr"] = own["lr"]
        self.wrapped.step()


class Timm(Around):
    """timm's Lookahead around SGD."""

    wrap = timm.optim.Lookahead


class TorchOptimizer(Around):
    """torch_optimizer's Lookahead around SGD."""

    wrap = torch_optimizer.Lookahead
