"""Lion with D-Adaptation."""

import torch


def dadapt_lion(parameters, gradients, state, *, lr=1.0, betas=(0.9, 0.99), d0=1e-6):
    """Take Lion's steps with an estimated learning rate.

    Chen et al., Symbolic discovery of optimization algorithms, 2023, with d lr for the
    learning rate: c = b1 m + (1 - b1) g, w <- w - d lr sign(c), m <- b2 m + (1 - b2) g. d is as in
    `dadaptation.DAdaptLion`, from the updates u = sign(c): with b = sqrt(b2),
    n <- b n + (1 - b) d lr sum(d lr u.s), s <- b s + (1 - b) d lr u, and
    d <- max(d, n / ((1 - b) sum |s|)).
    """
    beta1, beta2 = betas
    root = beta2**0.5
    means, sums = (
        state.setdefault(name, [torch.zeros_like(w) for w in parameters]) for name in "ms"
    )
    rate = state.setdefault("d", d0) * lr
    gain = length = 0.0
    for w, g, m, s in zip(parameters, gradients, means, sums, strict=True):
        update = (beta1 * m + (1 - beta1) * g).sign()
        w.sub_(rate * update)
        m.mul_(beta2).add_(g, alpha=1 - beta2)
        gain += rate * (update * s).sum().item()
        s.mul_(root).add_(update, alpha=(1 - root) * rate)
        length += s.abs().sum().item()
    state["gain"] = root * state.get("gain", 0.0) + (1 - root) * gain
    if length:
        state["d"] = max(state["d"], state["gain"] / ((1 - root) * length))
