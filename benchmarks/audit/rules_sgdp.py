"""SGDP and AdamP, as their paper defines them."""

import math

import torch


def _projected(w, g, step, delta, eps):
    """Remove from a step its part along the weights, where these are scale-invariant.

    Returns the step, and whether something was removed. The projection is for each channel
    and else for the whole layer, as in the authors' code.
    """
    if w.ndim < 2:
        return step, False
    for rows in (len(w), 1):
        weights, slopes = w.reshape(rows, -1), g.reshape(rows, -1)
        cosines = torch.cosine_similarity(slopes, weights, dim=1, eps=eps).abs()
        if cosines.max() < delta / math.sqrt(weights.shape[1]):
            unit = weights / (weights.norm(dim=1, keepdim=True) + eps)
            flat = step.reshape(rows, -1)
            flat = flat - unit * (unit * flat).sum(dim=1, keepdim=True)
            return flat.reshape(w.shape), True
    return step, False


def sgdp(
    parameters,
    gradients,
    state,
    *,
    lr,
    momentum=0.0,
    weight_decay=0.0,
    eps=1e-8,
    delta=0.1,
    wd_ratio=0.1,
):
    """Project the step, not the velocity.

    Heo et al., AdamP: slowing down the slowdown for momentum optimizers on scale-invariant weights,
    ICLR 2021: p <- mu p + g, q is the projected p where weights are scale-invariant,
    w <- w - lr q; the decay is as in the authors' code, decoupled and 1 / (1 - mu) times as large.
    """
    velocities = state.setdefault("velocities", [torch.zeros_like(w) for w in parameters])
    for w, g, v in zip(parameters, gradients, velocities, strict=True):
        v.mul_(momentum).add_(g)
        step, invariant = _projected(w, g, v, delta, eps)
        ratio = wd_ratio if invariant else 1.0
        w.mul_(1 - lr * weight_decay * ratio / (1 - momentum)).sub_(lr * step)
