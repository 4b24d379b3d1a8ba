"""LAMB, as its paper defines it."""

import torch


def lamb(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0):
    """Scale Adam's step, with its bias corrected, to the norm of the weights of each layer.

    You et al., Large batch optimization for deep learning: training BERT in 76 minutes, ICLR 2020,
    with phi the identity: r = m_hat / (sqrt(v_hat) + eps), and
    w <- w - lr |w| / |r + lambda w| (r + lambda w). Where a norm is 0, the ratio is 1.
    """
    beta1, beta2 = betas
    state["t"] = state.get("t", 0) + 1
    means = state.setdefault("means", [torch.zeros_like(w) for w in parameters])
    squares = state.setdefault("squares", [torch.zeros_like(w) for w in parameters])
    for w, g, m, v in zip(parameters, gradients, means, squares, strict=True):
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        corrected = m / (1 - beta1 ** state["t"])
        direction = corrected / ((v / (1 - beta2 ** state["t"])).sqrt() + eps) + weight_decay * w
        ratio = w.norm() / direction.norm()
        ratio = torch.where((w.norm() > 0) & (direction.norm() > 0), ratio, torch.ones_like(ratio))
        w.sub_(lr * ratio * direction)
