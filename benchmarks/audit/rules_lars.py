"""LARS, as its paper defines it."""

import torch


def lars(
    parameters, gradients, state, *, lr, momentum=0.0, weight_decay=0.0, trust_coefficient=0.001
):
    """Scale the gradient of each layer to the norm of its weights.

    You, Gitman and Ginsburg, Large batch training of convolutional networks, 2017:
    lambda_l = eta |w| / (|g| + beta |w|), v <- m v + gamma lambda_l (g + beta w), w <- w - v. Where
    a norm is 0, lambda_l is 1, as in all implementations.
    """
    velocities = state.setdefault("velocities", [torch.zeros_like(w) for w in parameters])
    for w, g, v in zip(parameters, gradients, velocities, strict=True):
        ratio = trust_coefficient * w.norm() / (g.norm() + weight_decay * w.norm())
        ratio = torch.where((w.norm() > 0) & (g.norm() > 0), ratio, torch.ones_like(ratio))
        v.mul_(momentum).add_(lr * ratio * (g + weight_decay * w))
        w.sub_(v)
