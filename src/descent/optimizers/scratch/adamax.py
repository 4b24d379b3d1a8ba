"""Adamax: Adam with the infinity norm."""

import torch

from descent.optimizers.scratch._gradients import effective

ELEMENTWISE = True


def adamax(
    parameters,
    gradients,
    state,
    *,
    lr=0.002,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    maximize=False,
):
    """Divide a moving average of the gradient by its largest recent magnitude.

    m <- b1 m + (1 - b1) g and u <- max(b2 u, |g| + eps), then w <- w - lr / (1 - b1^t) m / u, at
    iteration t, from 1. The maximum needs no bias correction.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds `iteration` and `means` and `largest`, lists of tensors like the parameters.
    lr : float
        Learning rate.
    betas : pair of float
        b1 and b2, in [0, 1).
    eps : float
        Keeps the denominator away from 0.
    weight_decay, maximize
        See `descent.optimizers.scratch._gradients.effective`.

    References
    ----------
    Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015, section 7.1, without eps;
    `torch.optim.Adamax`.
    """
    beta1, beta2 = betas
    if not state:
        state["iteration"] = 0
        for name in ("means", "largest"):
            state[name] = [torch.zeros_like(parameter) for parameter in parameters]
    state["iteration"] += 1
    rate = lr / (1 - beta1 ** state["iteration"])
    gradients = effective(parameters, gradients, weight_decay=weight_decay, maximize=maximize)
    for parameter, gradient, mean, largest in zip(
        parameters, gradients, state["means"], state["largest"], strict=True
    ):
        mean.lerp_(gradient, 1 - beta1)
        torch.maximum(largest.mul_(beta2), gradient.abs().add_(eps), out=largest)
        parameter.addcdiv_(mean, largest, value=-rate)
