"""Adadelta."""

import torch

from descent.optimizers.scratch._gradients import effective

ELEMENTWISE = True


def adadelta(
    parameters,
    gradients,
    state,
    *,
    lr=1.0,
    rho=0.9,
    eps=1e-6,
    weight_decay=0,
    maximize=False,
):
    """Scale the gradient by the RMS of past updates over the RMS of past gradients.

    s <- rho s + (1 - rho) g^2, u = sqrt(a + eps) / sqrt(s + eps) g, a <- rho a + (1 - rho) u^2,
    then w <- w - lr u. Updates have the units of the weights, so that no learning rate is needed.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds `squares` and `squared_updates`, lists of tensors like the parameters.
    lr : float
        Factor applied to the update; 1 is the published rule.
    rho : float
        Decay rate of the averages, in [0, 1).
    eps : float
        Added under both roots; gets the updates started.
    weight_decay, maximize
        See `descent.optimizers.scratch._gradients.effective`.

    References
    ----------
    Zeiler, ADADELTA: an adaptive learning rate method, arXiv:1212.5701, 2012;
    `torch.optim.Adadelta`.
    """
    if not state:
        for name in ("squares", "squared_updates"):
            state[name] = [torch.zeros_like(parameter) for parameter in parameters]
    gradients = effective(parameters, gradients, weight_decay=weight_decay, maximize=maximize)
    for parameter, gradient, square, squared_update in zip(
        parameters, gradients, state["squares"], state["squared_updates"], strict=True
    ):
        square.mul_(rho).addcmul_(gradient, gradient, value=1 - rho)
        update = squared_update.add(eps).sqrt_() / square.add(eps).sqrt_() * gradient
        squared_update.mul_(rho).addcmul_(update, update, value=1 - rho)
        parameter.sub_(update, alpha=lr)
