"""Stochastic gradient descent with momentum (heavy ball)."""

import torch

ELEMENTWISE = True


def sgd_momentum(parameters, gradients, state, *, lr, momentum):
    """Step along a velocity that sums the gradients: v <- mu v + g, then w <- w - lr v.

    The velocity starts at 0. Three rules look similar but differ: the exponential average
    v <- mu v + (1 - mu) g takes steps that are 1 - mu times as long; Nesterov momentum steps along
    g + mu v; and w <- w - u with u <- mu u + lr g differs as soon as lr changes.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds `velocity`, a list of tensors like the parameters.
    lr : float
        Learning rate.
    momentum : float
        mu, in [0, 1).

    References
    ----------
    Polyak, Some methods of speeding up the convergence of iteration methods, USSR Computational
    Mathematics and Mathematical Physics 4(5), 1964; in this form Sutskever et al., On the
    importance of initialization and momentum in deep learning, ICML 2013, and `torch.optim.SGD`
    with dampening 0.
    """
    if not state:
        state["velocity"] = [torch.zeros_like(parameter) for parameter in parameters]
    for parameter, gradient, velocity in zip(parameters, gradients, state["velocity"], strict=True):
        velocity.mul_(momentum).add_(gradient)
        parameter.sub_(velocity, alpha=lr)
