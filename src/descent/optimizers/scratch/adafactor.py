"""Adafactor."""

import torch


def adafactor(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    beta2_decay=-0.8,
    eps=(None, 0.001),
    d=1.0,
    weight_decay=0,
    maximize=False,
):
    """Divide the gradient by the root of its averaged square, which is kept as two vectors.

    With b = t^c at iteration t, from 1, and means over the columns and over the rows of a matrix,
    or of each matrix in the last two dimensions of a tensor:

    - r <- (1 - b) r + b mean_columns(g^2), q <- (1 - b) q + b mean_rows(g^2), s = r q / mean(r);
      for a vector, s <- (1 - b) s + b g^2;
    - u = g / max(sqrt(s), eps_1), clipped to u / max(1, rms(u) / d);
    - w <- w - max(eps_2, rms(w)) min(lr, 1 / sqrt(t)) u, after w <- (1 - lr lambda) w.

    Not elementwise: r, q and the root mean squares belong to one tensor of one network.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; the parameters are updated in place.
    state : dict
        Holds `iteration` and `squares`: r (..., rows, 1) and q (..., 1, columns) for each tensor
        with at least two dimensions, s for each other one.
    lr : float
        Maximum relative step size.
    beta2_decay : float
        c, negative.
    eps : pair of float
        eps_1, where None is the distance from 1 to the next number, and eps_2.
    d : float
        Clipping threshold.
    weight_decay : float
        lambda.
    maximize : bool
        Whether to maximize the loss.

    References
    ----------
    Shazeer and Stern, Adafactor: adaptive learning rates with sublinear memory cost, ICML 2018;
    with eps_1 as in `torch.optim.Adafactor`.
    """
    if not state:
        state["iteration"] = 0
        state["squares"] = [
            (torch.zeros_like(p[..., :1]), torch.zeros_like(p[..., :1, :]))
            if p.ndim > 1
            else (torch.zeros_like(p),)
            for p in parameters
        ]
    state["iteration"] += 1
    newest = state["iteration"] ** beta2_decay
    smallest = torch.finfo(parameters[0].dtype).eps if eps[0] is None else eps[0]
    for parameter, gradient, squares in zip(parameters, gradients, state["squares"], strict=True):
        step = max(eps[1], _rms(parameter)) * min(lr, state["iteration"] ** -0.5)
        parameter.mul_(1 - lr * weight_decay)
        if len(squares) == 2:
            row, column = squares
            row.lerp_(gradient.square().mean(-1, keepdim=True), newest)
            column.lerp_(gradient.square().mean(-2, keepdim=True), newest)
            square = row @ column / row.mean(-2, keepdim=True).clamp_(min=smallest)
        else:
            [square] = squares
            square.lerp_(gradient.square(), newest)
        update = gradient / square.clamp(min=smallest**2).sqrt_()
        step /= max(1, _rms(update) / d)
        parameter.add_(update, alpha=step if maximize else -step)


def _rms(tensor):
    return tensor.norm().item() / tensor.numel() ** 0.5
