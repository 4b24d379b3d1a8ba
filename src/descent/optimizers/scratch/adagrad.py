"""Adagrad."""

import torch

from descent.optimizers.scratch._gradients import effective

ELEMENTWISE = True


def adagrad(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    lr_decay=0,
    weight_decay=0,
    initial_accumulator_value=0,
    eps=1e-10,
    maximize=False,
):
    """Divide the step by the root of the sum of all squared gradients.

    s <- s + g^2, then w <- w - lr / (1 + (t - 1) eta) g / (sqrt(s) + eps), at iteration t, from 1.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds `iteration` and `sums`, a list of tensors like the parameters.
    lr : float
        Learning rate.
    lr_decay : float
        eta.
    initial_accumulator_value : float
        Initial value of s.
    eps : float
        Keeps the denominator away from 0.
    weight_decay, maximize
        See `descent.optimizers.scratch._gradients.effective`.

    References
    ----------
    Duchi, Hazan and Singer, Adaptive subgradient methods for online learning and stochastic
    optimization, Journal of Machine Learning Research 12, 2011; `torch.optim.Adagrad`.
    """
    if not state:
        state["iteration"] = 0
        state["sums"] = [torch.full_like(p, initial_accumulator_value) for p in parameters]
    state["iteration"] += 1
    rate = lr / (1 + (state["iteration"] - 1) * lr_decay)
    gradients = effective(parameters, gradients, weight_decay=weight_decay, maximize=maximize)
    for parameter, gradient, total in zip(parameters, gradients, state["sums"], strict=True):
        total.addcmul_(gradient, gradient)
        parameter.addcdiv_(gradient, total.sqrt().add_(eps), value=-rate)
