"""Stochastic gradient descent with Nesterov momentum."""

import torch

from descent.optimizers.scratch._gradients import effective

ELEMENTWISE = True


def nesterov(
    parameters, gradients, state, *, lr=0.001, momentum=0.9, weight_decay=0, maximize=False
):
    """Step along a velocity that looks one gradient ahead.

    v <- mu v + g, then w <- w - lr (g + mu v). The velocity starts at 0. Heavy-ball momentum, in
    `sgd_momentum.py`, steps along v itself.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds `velocity`, a list of tensors like the parameters.
    lr : float
        Learning rate.
    momentum : float
        mu, in (0, 1).
    weight_decay, maximize
        See `descent.optimizers.scratch._gradients.effective`.

    References
    ----------
    Nesterov, A method of solving a convex programming problem with convergence rate O(1/k^2),
    Soviet Mathematics Doklady 27, 1983; in the form of `torch.optim.SGD` with `nesterov`,
    Bengio, Boulanger-Lewandowski and Pascanu, Advances in optimizing recurrent networks, ICASSP
    2013.
    """
    if not state:
        state["velocity"] = [torch.zeros_like(parameter) for parameter in parameters]
    gradients = effective(parameters, gradients, weight_decay=weight_decay, maximize=maximize)
    for parameter, gradient, velocity in zip(parameters, gradients, state["velocity"], strict=True):
        velocity.mul_(momentum).add_(gradient)
        parameter.sub_(gradient.add(velocity, alpha=momentum), alpha=lr)
