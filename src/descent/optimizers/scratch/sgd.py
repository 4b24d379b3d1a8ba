"""Stochastic gradient descent."""

ELEMENTWISE = True


def sgd(parameters, gradients, state, *, lr):
    """Step against the gradient: w <- w - lr g.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Not used.
    lr : float
        Learning rate.

    References
    ----------
    Robbins and Monro, A stochastic approximation method, Annals of Mathematical Statistics 22,
    1951. `torch.optim.SGD` without momentum is the same update rule.
    """
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.sub_(gradient, alpha=lr)
