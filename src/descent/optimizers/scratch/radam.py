"""RAdam: Adam with variance rectification."""

import torch

from descent.optimizers.scratch._gradients import effective

ELEMENTWISE = True


def radam(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    decoupled_weight_decay=False,
    maximize=False,
):
    """Step like Adam, but shorter or without the division until enough gradients have been seen.

    m and s are as in `adam.py`. The average s is as good as one of rho squared gradients, with
    rho_inf = 2 / (1 - b2) - 1 and rho = rho_inf - 2 t b2^t / (1 - b2^t), at iteration t, from 1:

    - rho > 5: w <- w - lr r m / (1 - b1^t) sqrt(1 - b2^t) / (sqrt(s) + eps), with
      r^2 = (rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho);
    - otherwise: w <- w - lr m / (1 - b1^t).

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds `iteration` and `means` and `squares`, lists of tensors like the parameters.
    lr : float
        Learning rate.
    betas : pair of float
        b1 and b2, in [0, 1).
    eps : float
        Keeps the denominator away from 0.
    weight_decay, maximize
        See `descent.optimizers.scratch._gradients.effective`.
    decoupled_weight_decay : bool
        Whether to shrink the weights themselves, w <- (1 - lr lambda) w, as in `adamw.py`.

    References
    ----------
    Liu et al., On the variance of the adaptive learning rate and beyond, ICLR 2020, which rectifies
    when rho > 4; `torch.optim.RAdam`.
    """
    beta1, beta2 = betas
    if not state:
        state["iteration"] = 0
        for name in ("means", "squares"):
            state[name] = [torch.zeros_like(parameter) for parameter in parameters]
    state["iteration"] += 1
    t = state["iteration"]
    bias1, bias2 = 1 - beta1**t, 1 - beta2**t
    rho_inf = 2 / (1 - beta2) - 1
    rho = rho_inf - 2 * t * beta2**t / bias2
    if decoupled_weight_decay:
        for parameter in parameters:
            parameter.mul_(1 - lr * weight_decay)
        weight_decay = 0
    gradients = effective(parameters, gradients, weight_decay=weight_decay, maximize=maximize)
    for parameter, gradient, mean, square in zip(
        parameters, gradients, state["means"], state["squares"], strict=True
    ):
        mean.lerp_(gradient, 1 - beta1)
        square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        update = mean / bias1 * lr
        if rho > 5:
            r = ((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) ** 0.5
            update = update * (bias2**0.5 / square.sqrt().add_(eps)) * r
        parameter.sub_(update)
