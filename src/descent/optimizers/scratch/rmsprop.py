"""RMSprop."""

import torch

from descent.optimizers.scratch._gradients import effective

ELEMENTWISE = True


def rmsprop(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    alpha=0.99,
    eps=1e-8,
    weight_decay=0,
    momentum=0,
    centered=False,
    maximize=False,
):
    """Divide the gradient by the root of a moving average of its square.

    s <- alpha s + (1 - alpha) g^2, v <- mu v + g / (sqrt(s) + eps), then w <- w - lr v. If
    centered, the variance s - m^2 replaces s in the root, with m <- alpha m + (1 - alpha) g. Adam,
    in `adam.py`, averages the gradient before dividing it, and corrects the bias of both averages.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds `squares`, `means` and `velocity`, lists of tensors like the parameters.
    lr : float
        Learning rate.
    alpha : float
        Decay rate of the averages, in [0, 1).
    eps : float
        Keeps the denominator away from 0.
    momentum : float
        mu, in [0, 1).
    centered : bool
        Whether to subtract the squared mean.
    weight_decay, maximize
        See `descent.optimizers.scratch._gradients.effective`.

    References
    ----------
    Tieleman and Hinton, Lecture 6.5, Coursera: Neural networks for machine learning, 2012;
    centered: Graves, Generating sequences with recurrent neural networks, arXiv:1308.0850, 2013;
    `torch.optim.RMSprop`.
    """
    if not state:
        for name in ("squares", "means", "velocity"):
            state[name] = [torch.zeros_like(parameter) for parameter in parameters]
    gradients = effective(parameters, gradients, weight_decay=weight_decay, maximize=maximize)
    for parameter, gradient, square, mean, velocity in zip(
        parameters, gradients, state["squares"], state["means"], state["velocity"], strict=True
    ):
        square.mul_(alpha).addcmul_(gradient, gradient, value=1 - alpha)
        variance = square
        if centered:
            mean.lerp_(gradient, 1 - alpha)
            variance = square.addcmul(mean, mean, value=-1)
        velocity.mul_(momentum).addcdiv_(gradient, variance.sqrt().add_(eps))
        parameter.sub_(velocity, alpha=lr)
