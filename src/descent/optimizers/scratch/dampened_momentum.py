"""Stochastic gradient descent with the options of torch.optim.SGD except Nesterov momentum."""

from descent.optimizers.scratch._gradients import effective

ELEMENTWISE = True


def dampened_momentum(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    momentum=0,
    dampening=0,
    weight_decay=0,
    maximize=False,
):
    """Step along a velocity that adds only a fraction of each gradient.

    v <- mu v + (1 - tau) g, then w <- w - lr v. The velocity starts at the first gradient,
    undampened. With dampening mu it is an exponential average of the gradients; with dampening 0
    the rule is the one in `sgd_momentum.py`.

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
    dampening : float
        tau, in [0, 1]; it has no effect without momentum, as in torch.
    weight_decay, maximize
        See `descent.optimizers.scratch._gradients.effective`.

    References
    ----------
    Polyak, Some methods of speeding up the convergence of iteration methods, USSR Computational
    Mathematics and Mathematical Physics 4(5), 1964; dampening as in `torch.optim.SGD`, whose
    documentation notes that the first velocity is undampened.
    """
    dampening = dampening if momentum else 0
    gradients = effective(parameters, gradients, weight_decay=weight_decay, maximize=maximize)
    if not state:
        state["velocity"] = [gradient.clone() for gradient in gradients]
    else:
        for velocity, gradient in zip(state["velocity"], gradients, strict=True):
            velocity.mul_(momentum).add_(gradient, alpha=1 - dampening)
    for parameter, velocity in zip(parameters, state["velocity"], strict=True):
        parameter.sub_(velocity, alpha=lr)
