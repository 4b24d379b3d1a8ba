"""AdaBelief and ACProp, as their papers define them."""

import torch


def adabelief(
    parameters,
    gradients,
    state,
    *,
    lr,
    betas=(0.9, 0.999),
    eps=1e-16,
    weight_decay=0.0,
    amsgrad=False,
):
    """Divide by the root of how far gradients are from their moving average.

    Zhuang et al., AdaBelief optimizer: adapting stepsizes by the belief in observed gradients,
    NeurIPS 2020: s <- b2 s + (1 - b2) (g - m)^2 + eps, and
    w <- w - lr m_hat / (sqrt(s_hat) + eps); the decay is decoupled, as in the authors' code. With
    amsgrad, as in their appendix, s is the largest so far.
    """
    beta1, beta2 = betas
    state["t"] = t = state.get("t", 0) + 1
    means, squares, largest = (
        state.setdefault(name, [torch.zeros_like(w) for w in parameters]) for name in "msl"
    )
    for w, g, m, s, top in zip(parameters, gradients, means, squares, largest, strict=True):
        w.mul_(1 - lr * weight_decay)
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        s.mul_(beta2).add_((g - m).square(), alpha=1 - beta2).add_(eps)
        if amsgrad:
            s = torch.maximum(top, s, out=top)
        w.sub_(lr * (m / (1 - beta1**t)) / ((s / (1 - beta2**t)).sqrt() + eps))


def acprop(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-8, eps_root=1e-16):
    """Divide each gradient by what was known before it.

    Zhuang et al., Momentum centering and asynchronous update for adaptive gradient methods,
    NeurIPS 2021, with the bias correction and the two eps of the docstring of
    `optax.contrib.acprop`: m <- b1 m + (1 - b1) g, s <- b2 s + (1 - b2) (g - m)^2 + eps_root, and
    w <- w - lr g / (sqrt(s_hat) + eps) with the s_hat of the step before, 1 in the first step.
    """
    beta1, beta2 = betas
    before = state.get("t", 0)
    state["t"] = before + 1
    means, squares = (
        state.setdefault(name, [torch.zeros_like(w) for w in parameters]) for name in "ms"
    )
    for w, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        known = s / (1 - beta2**before) if before else torch.ones_like(s)
        w.sub_(lr * g / (known.sqrt() + eps))
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        s.mul_(beta2).add_((g - m).square(), alpha=1 - beta2).add_(eps_root)
