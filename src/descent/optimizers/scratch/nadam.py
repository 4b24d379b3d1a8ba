"""NAdam: Adam with Nesterov momentum."""

import torch

from descent.optimizers.scratch._gradients import effective

ELEMENTWISE = True


def nadam(
    parameters,
    gradients,
    state,
    *,
    lr=0.002,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    momentum_decay=0.004,
    decoupled_weight_decay=False,
    maximize=False,
):
    """Step like Adam, with a momentum that looks one iteration ahead.

    m and s are as in `adam.py`, and d = sqrt(s / (1 - b2^t)) + eps. The momentum grows with the
    iteration, mu_t = b1 (1 - 0.96^(psi t) / 2), and P_t is the product of mu_1 to mu_t:
    w <- w - lr (1 - mu_t) / (1 - P_t) g / d - lr mu_(t+1) / (1 - P_(t+1)) m / d.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds `iteration`, the product `momenta`, and `means` and `squares`, lists of tensors like
        the parameters.
    lr : float
        Learning rate.
    betas : pair of float
        b1 and b2, in [0, 1).
    eps : float
        Keeps the denominator away from 0.
    weight_decay, maximize
        See `descent.optimizers.scratch._gradients.effective`.
    momentum_decay : float
        psi.
    decoupled_weight_decay : bool
        Whether to shrink the weights themselves, w <- (1 - lr lambda) w, as in `adamw.py`.

    References
    ----------
    Dozat, Incorporating Nesterov momentum into Adam, ICLR workshop, 2016; `torch.optim.NAdam`.
    """
    beta1, beta2 = betas
    if not state:
        state["iteration"], state["momenta"] = 0, 1.0
        for name in ("means", "squares"):
            state[name] = [torch.zeros_like(parameter) for parameter in parameters]
    state["iteration"] += 1
    momentum, next_momentum = (
        beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
        for t in (state["iteration"], state["iteration"] + 1)
    )
    state["momenta"] *= momentum
    gradient_rate = lr * (1 - momentum) / (1 - state["momenta"])
    mean_rate = lr * next_momentum / (1 - state["momenta"] * next_momentum)
    bias2 = 1 - beta2 ** state["iteration"]
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
        denominator = square.div(bias2).sqrt_().add_(eps)
        parameter.addcdiv_(gradient, denominator, value=-gradient_rate)
        parameter.addcdiv_(mean, denominator, value=-mean_rate)
