"""Adam."""

import torch

from descent.optimizers.scratch._gradients import effective

ELEMENTWISE = True


def adam(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    amsgrad=False,
    maximize=False,
    decoupled_weight_decay=False,
):
    """Divide a moving average of the gradient by the root of a moving average of its square.

    m <- b1 m + (1 - b1) g and s <- b2 s + (1 - b2) g^2 start at 0; at iteration t, from 1, their
    bias is corrected: w <- w - lr m / (1 - b1^t) / (sqrt(s / (1 - b2^t)) + eps). With amsgrad, the
    largest s so far replaces s in the update.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds `iteration`, and lists of tensors like the parameters: `means`, `squares`, `largest`.
    lr : float
        Learning rate.
    betas : pair of float
        b1 and b2, in [0, 1).
    eps : float
        Keeps the denominator away from 0; added to the root, not under it.
    amsgrad : bool
    weight_decay, maximize
        See `descent.optimizers.scratch._gradients.effective`.
    decoupled_weight_decay : bool
        Whether to shrink the weights themselves, w <- (1 - lr lambda) w, as in `adamw.py`.

    References
    ----------
    Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015; amsgrad: Reddi, Kale and
    Kumar, On the convergence of Adam and beyond, ICLR 2018, without bias correction;
    `torch.optim.Adam`.
    """
    beta1, beta2 = betas
    if not state:
        state["iteration"] = 0
        for name in ("means", "squares", "largest"):
            state[name] = [torch.zeros_like(parameter) for parameter in parameters]
    state["iteration"] += 1
    bias1, bias2 = 1 - beta1 ** state["iteration"], 1 - beta2 ** state["iteration"]
    if decoupled_weight_decay:
        for parameter in parameters:
            parameter.mul_(1 - lr * weight_decay)
        weight_decay = 0
    gradients = effective(parameters, gradients, weight_decay=weight_decay, maximize=maximize)
    for parameter, gradient, mean, square, largest in zip(
        parameters, gradients, state["means"], state["squares"], state["largest"], strict=True
    ):
        mean.lerp_(gradient, 1 - beta1)
        square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        if amsgrad:
            square = torch.maximum(largest, square, out=largest)
        denominator = (square.sqrt() / bias2**0.5).add_(eps)
        parameter.addcdiv_(mean, denominator, value=-lr / bias1)
