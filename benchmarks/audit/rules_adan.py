"""Adan, as its paper defines it, with the bias corrections of its authors' code."""

import torch


def adan(
    parameters,
    gradients,
    state,
    *,
    lr,
    betas=(0.98, 0.92, 0.99),
    eps=1e-8,
    eps_root=0.0,
    weight_decay=0.0,
):
    """Add a moving average of the differences of gradients to Adam's.

    Xie et al., Adan: adaptive Nesterov momentum algorithm for faster optimizing deep models, 2022,
    algorithm 1. The betas here are what is kept: 1 - beta of the paper, as in the authors' code,
    from which the bias corrections are too. With d = g - g_before, 0 at first,
    m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) d, n <- b3 n + (1 - b3) (g + b2 d)^2, and
    w <- (w - lr (m + b2 v) / (sqrt(n) + eps)) / (1 + lr lambda).
    """
    beta1, beta2, beta3 = betas
    state["t"] = t = state.get("t", 0) + 1
    before = state.get("before", gradients)
    means, differences, squares = (
        state.setdefault(name, [torch.zeros_like(w) for w in parameters]) for name in "mvn"
    )
    for w, g, old, m, v, n in zip(
        parameters, gradients, before, means, differences, squares, strict=True
    ):
        d = g - old
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        v.mul_(beta2).add_(d, alpha=1 - beta2)
        n.mul_(beta3).add_((g + beta2 * d).square(), alpha=1 - beta3)
        ahead = m / (1 - beta1**t) + beta2 * v / (1 - beta2**t)
        root = (n / (1 - beta3**t) + eps_root).sqrt()
        w.sub_(lr * ahead / (root + eps)).div_(1 + lr * weight_decay)
    state["before"] = [g.clone() for g in gradients]
