"""Shampoo, as its paper defines it."""

import torch


def shampoo(parameters, gradients, state, *, lr, epsilon=1e-4, power=2):
    """Precondition each dimension of the gradient.

    Gupta, Koren and Singer, Shampoo: preconditioned stochastic tensor optimization, ICML 2018,
    algorithm 2; for a tensor of order k, H_i <- H_i + G_(i) G_(i)^T with the matricized gradient,
    from eps I, and the gradient is multiplied by H_i^(-1 / (2 k)) along each dimension i. `power`
    is this 2.
    """
    known = state.setdefault(
        "known",
        [[epsilon * torch.eye(n, dtype=w.dtype) for n in w.shape] for w in parameters],
    )
    for w, g, preconditioners in zip(parameters, gradients, known, strict=True):
        step = g
        for dimension, h in enumerate(preconditioners):
            rows = g.movedim(dimension, 0).reshape(len(h), -1)
            h.add_(rows @ rows.T)
            values, vectors = torch.linalg.eigh(h)
            root = vectors * values.clamp(min=epsilon) ** (-1 / (power * g.ndim)) @ vectors.T
            step = torch.tensordot(root, step, ([1], [dimension])).movedim(0, dimension)
        w.sub_(lr * step)
