"""AdamW: Adam with decoupled weight decay."""

import torch

ELEMENTWISE = True


def adamw(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.01,
    amsgrad=False,
    maximize=False,
):
    """Shrink the weights, w <- (1 - lr lambda) w, and then take an Adam step.

    Adam's own weight decay adds lambda w to the gradient, and so divides it by the root of s too.

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
        Keeps the denominator away from 0.
    weight_decay : float
        lambda.
    amsgrad : bool
    maximize : bool
        Whether to maximize the loss.

    References
    ----------
    Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019, with a decay that is
    multiplied by the learning rate, as in `torch.optim.AdamW`.
    """
    beta1, beta2 = betas
    if not state:
        state["iteration"] = 0
        for name in ("means", "squares", "largest"):
            state[name] = [torch.zeros_like(parameter) for parameter in parameters]
    state["iteration"] += 1
    bias1, bias2 = 1 - beta1 ** state["iteration"], 1 - beta2 ** state["iteration"]
    for parameter, gradient, mean, square, largest in zip(
        parameters, gradients, state["means"], state["squares"], state["largest"], strict=True
    ):
        parameter.mul_(1 - lr * weight_decay)
        mean.lerp_(-gradient if maximize else gradient, 1 - beta1)
        square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        if amsgrad:
            square = torch.maximum(largest, square, out=largest)
        denominator = (square.sqrt() / bias2**0.5).add_(eps)
        parameter.addcdiv_(mean, denominator, value=-lr / bias1)
