"""Rules without a learning rate to choose: COCOB, DoG and DoWG; and Fromage."""

import torch


def cocob(parameters, gradients, state, *, lr=1.0, alpha=100.0, eps=1e-8):
    """Bet on coins whose outcomes are the gradients.

    Orabona and Tommasi, Training deep networks without learning rates through coin betting,
    NeurIPS 2017 (COCOB-Backprop), for each weight, with c = -g: L <- max(L, |c|),
    G <- G + |c|, R <- max(R + (w - w_1) c, 0), theta <- theta + c, and
    w <- w_1 + theta / (L max(G + L, alpha L)) (L + R).
    """
    if not state:
        state["begin"] = [w.clone() for w in parameters]
        state["L"] = [torch.full_like(w, eps) for w in parameters]
        for name in ("G", "R", "theta"):
            state[name] = [torch.zeros_like(w) for w in parameters]
    kept = [state[name] for name in ("begin", "L", "G", "R", "theta")]
    for w, g, begin, largest, total, reward, theta in zip(
        parameters, gradients, *kept, strict=True
    ):
        c = -lr * g
        largest.copy_(torch.maximum(largest, c.abs()))
        total.add_(c.abs())
        reward.copy_((reward + (w - begin) * c).clamp(min=0))
        theta.add_(c)
        share = theta / (largest * torch.maximum(total + largest, alpha * largest))
        w.copy_(begin + share * (largest + reward))


def _length(tensors):
    return sum(t.square().sum() for t in tensors).sqrt()


def dog(parameters, gradients, state, *, lr=1.0, init=1e-6, eps=1e-8):
    """Divide the distance from the start by the root of the summed squared gradients.

    Ivgi, Hinder and Carmon, DoG is SGD's best friend, ICML 2023:
    r <- max(r, |x - x_0|) from init (1 + |x_0|), G <- G + |g|^2, x <- x - r / sqrt(G + eps) g.
    """
    begin = state.setdefault("begin", [w.clone() for w in parameters])
    state.setdefault("r", init * (1 + _length(parameters)))
    state["r"] = torch.maximum(
        state["r"], _length([w - b for w, b in zip(parameters, begin, strict=True)])
    )
    state["G"] = state.get("G", 0.0) + _length(gradients) ** 2
    for w, g in zip(parameters, gradients, strict=True):
        w.sub_(lr * state["r"] / (state["G"] + eps).sqrt() * g)


def fromage(parameters, gradients, state, *, lr, min_norm=1e-6):
    """Step in proportion to the norm of the weights, and shrink them.

    Bernstein et al., On the distance between two neural networks and the stability of learning,
    NeurIPS 2020: W <- (W - eta |W| / |g| g) / sqrt(1 + eta^2). A norm
    is at least `min_norm`, so that weights that begin as 0 move.
    """
    for w, g in zip(parameters, gradients, strict=True):
        w.sub_(lr * w.norm().clamp(min=min_norm) / g.norm().clamp(min=min_norm) * g).div_(
            (1 + lr**2) ** 0.5
        )
