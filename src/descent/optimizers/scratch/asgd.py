"""Averaged stochastic gradient descent."""

import torch

from descent.optimizers.scratch._gradients import effective

ELEMENTWISE = True


def asgd(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    lambd=0.0001,
    alpha=0.75,
    t0=1e6,
    weight_decay=0,
    maximize=False,
):
    """Descend with decreasing steps, and average the weights from iteration t0 on.

    At iteration t, from 1: w <- (1 - lambda eta_t) w - eta_t g, then a <- a + mu_t (w - a), with
    eta_t = lr / (1 + lambda lr (t - 1))^alpha and mu_t = 1 / max(1, t - 1 - t0). In theory,
    the average a is the method's result; here, as in torch, it is only kept in the state.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds `iteration`, the next `rate` eta, and `averages`, a list of tensors like the
        parameters.
    lr : float
        Learning rate. As in torch, a change takes effect one iteration later.
    lambd : float
        lambda.
    alpha : float
        Exponent of the decrease, in (1/2, 1).
    t0 : float
        Iteration at which averaging begins.
    weight_decay, maximize
        See `descent.optimizers.scratch._gradients.effective`.

    References
    ----------
    Polyak and Juditsky, Acceleration of stochastic approximation by averaging, SIAM Journal on
    Control and Optimization 30(4), 1992; step sizes: Bottou, Large-scale machine learning with
    stochastic gradient descent, COMPSTAT 2010; `torch.optim.ASGD`.
    """
    if not state:
        state["iteration"], state["rate"] = 0, lr
        state["averages"] = [torch.zeros_like(parameter) for parameter in parameters]
    rate, weight = state["rate"], 1 / max(1, state["iteration"] - t0)
    gradients = effective(parameters, gradients, weight_decay=weight_decay, maximize=maximize)
    for parameter, gradient, average in zip(parameters, gradients, state["averages"], strict=True):
        parameter.mul_(1 - lambd * rate).sub_(gradient, alpha=rate)
        average.lerp_(parameter, weight)
    state["iteration"] += 1
    state["rate"] = lr / (1 + lambd * lr * state["iteration"]) ** alpha
