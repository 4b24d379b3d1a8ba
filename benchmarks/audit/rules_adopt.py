"""ADOPT, as its paper defines it."""

import torch


def adopt(parameters, gradients, state, *, lr, betas=(0.9, 0.9999), eps=1e-6, power=0.25):
    """Normalize the gradient by the squares before it, then average.

    Taniguchi et al., ADOPT: modified Adam can converge with any beta2 with the optimal rate,
    NeurIPS 2024, with clipping: v_0 = g_0^2, then
    m <- b1 m + (1 - b1) clip(g / max(sqrt(v), eps), t^power), w <- w - lr m,
    v <- b2 v + (1 - b2) g^2. The first gradient moves nothing.
    """
    beta1, beta2 = betas
    if not state:
        state["t"] = 0
        state["squares"] = [g.square() for g in gradients]
        state["means"] = [torch.zeros_like(w) for w in parameters]
        return
    state["t"] += 1
    limit = state["t"] ** power
    for w, g, m, v in zip(parameters, gradients, state["means"], state["squares"], strict=True):
        m.lerp_((g / v.sqrt().clamp(min=eps)).clamp(-limit, limit), 1 - beta1)
        w.sub_(lr * m)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
