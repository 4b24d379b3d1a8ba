"""SGDW, as its paper defines it."""

import torch


def sgdw(parameters, gradients, state, *, lr, momentum=0.9, weight_decay=0.01):
    """Decay the weights beside the step, not in the gradient.

    Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019,
    with the decay scaled by the learning rate, as in `torch.optim.AdamW`, and the learning
    rate outside of the velocity, as in `torch.optim.SGD`: v <- mu v + g, and
    w <- w - lr (v + lambda w).
    """
    velocities = state.setdefault("velocities", [torch.zeros_like(w) for w in parameters])
    for w, g, v in zip(parameters, gradients, velocities, strict=True):
        v.mul_(momentum).add_(g)
        w.sub_(lr * (v + weight_decay * w))
