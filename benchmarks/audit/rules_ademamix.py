"""AdEMAMix, as its paper defines it."""

import torch


def ademamix(parameters, gradients, state, *, lr, betas=(0.9, 0.999, 0.9999), alpha=5.0, eps=1e-8):
    """Add a second, slower moving average of the gradient to Adam's.

    Pagliardini, Ablin and Grangier, The AdEMAMix optimizer: better, faster, older, 2024,
    without warm-up of alpha and b3: m1 and v as in Adam,
    m2 <- b3 m2 + (1 - b3) g, and w <- w - lr (m1_hat + alpha m2) / (sqrt(v_hat) + eps).
    """
    beta1, beta2, beta3 = betas
    state["t"] = t = state.get("t", 0) + 1
    fast, slow, squares = (
        state.setdefault(name, [torch.zeros_like(w) for w in parameters]) for name in "fsv"
    )
    for w, g, m1, m2, v in zip(parameters, gradients, fast, slow, squares, strict=True):
        m1.mul_(beta1).add_(g, alpha=1 - beta1)
        m2.mul_(beta3).add_(g, alpha=1 - beta3)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        root = (v / (1 - beta2**t)).sqrt() + eps
        w.sub_(lr * (m1 / (1 - beta1**t) + alpha * m2) / root)
