"""NovoGrad, as its paper defines it."""

import torch


def novograd(parameters, gradients, state, *, lr, betas=(0.95, 0.98), eps=1e-8, weight_decay=0.0):
    """Divide the gradient of each layer by the root of a moving average of its squared norm.

    Ginsburg et al., Stochastic gradient methods with layer-wise adaptive moments for training of
    deep networks, 2019: v <- b2 v + (1 - b2) |g|^2,
    m <- b1 m + (g / (sqrt(v) + eps) + d w), and w <- w - lr m. v begins as |g|^2 of the first
    gradient; of the first that is not 0, as in all implementations in PyTorch.
    """
    beta1, beta2 = betas
    squares = state.setdefault("squares", [g.new_zeros(()) for g in gradients])
    means = state.setdefault("means", [torch.zeros_like(w) for w in parameters])
    for w, g, m, v in zip(parameters, gradients, means, squares, strict=True):
        length = g.square().sum()
        v.copy_(torch.where(v == 0, length, beta2 * v + (1 - beta2) * length))
        m.mul_(beta1).add_(g / (v.sqrt() + eps) + weight_decay * w)
        w.sub_(lr * m)
