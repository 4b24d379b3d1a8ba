"""Rprop: resilient backpropagation."""

import torch

ELEMENTWISE = True


def rprop(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    etas=(0.5, 1.2),
    step_sizes=(1e-6, 50),
    maximize=False,
):
    """Step by the sign of the gradient, with a separate step size for every weight.

    A step size starts at lr. It grows by the factor eta_plus, up to a maximum, when the gradient
    keeps its sign, and shrinks by eta_minus, down to a minimum, when the sign changes; the gradient
    then counts as 0, both now and as the previous gradient in the next iteration. The rule is meant
    for gradients of the whole data set: with mini-batches, signs change by chance.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds the `previous` gradients and the step `sizes`, lists of tensors like the parameters.
    lr : float
        Initial step size.
    etas : pair of float
        eta_minus, in (0, 1), and eta_plus, greater than 1.
    step_sizes : pair of float
        Minimum and maximum step size.
    maximize : bool
        Whether to maximize the loss.

    References
    ----------
    Riedmiller and Braun, A direct adaptive method for faster backpropagation learning: the RPROP
    algorithm, ICNN 1993; without backtracking (iRprop-) as in Igel and Huesken, Improving the Rprop
    learning algorithm, NC 2000, and in `torch.optim.Rprop`.
    """
    if not state:
        state["previous"] = [torch.zeros_like(parameter) for parameter in parameters]
        state["sizes"] = [torch.full_like(parameter, lr) for parameter in parameters]
    eta_minus, eta_plus = etas
    for parameter, gradient, previous, size in zip(
        parameters, gradients, state["previous"], state["sizes"], strict=True
    ):
        gradient = -gradient if maximize else gradient
        agreement = previous.mul_(gradient).sign()
        size[agreement > 0] *= eta_plus
        size[agreement < 0] *= eta_minus
        size.clamp_(*step_sizes)
        previous.copy_(gradient).masked_fill_(agreement < 0, 0)
        parameter.addcmul_(previous.sign(), size, value=-1)
