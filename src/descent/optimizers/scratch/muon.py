"""Muon: orthogonalized momentum."""

import torch


def muon(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    weight_decay=0.1,
    momentum=0.95,
    nesterov=True,
    ns_coefficients=(3.4445, -4.775, 2.0315),
    eps=1e-7,
    ns_steps=5,
    adjust_lr_fn=None,
):
    """Step along the momentum matrix, with its singular values moved to about 1.

    m <- mu m + (1 - mu) g, u = mu m + (1 - mu) g with Nesterov momentum or else u = m, then
    w <- (1 - lr lambda) w - lr a orthogonalize(u), where a depends on the shape of w.

    Not elementwise: a matrix is orthogonalized as a whole. Biases are treated as matrices with one
    column, which are thereby normalized. Biases, embeddings and the last layer are commonly left to
    AdamW instead.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        Matrices and vectors with the same shapes; the parameters are updated in place.
    state : dict
        Holds `momenta`, a list of tensors like the parameters.
    lr : float
        Learning rate.
    weight_decay : float
        lambda.
    momentum : float
        mu, in [0, 1).
    nesterov : bool
    ns_coefficients, ns_steps
        Coefficients and number of steps of the iteration in `orthogonalize`.
    eps : float
        Smallest norm that a matrix is divided by.
    adjust_lr_fn : str or None
        a, for w with n rows and m columns: `original` or None, sqrt(max(1, n / m));
        `match_rms_adamw`, 0.2 sqrt(max(n, m)); `spectral_unclamped`, sqrt(n / m).

    References
    ----------
    Jordan et al., Muon: an optimizer for hidden layers in neural networks,
    https://kellerjordan.github.io/posts/muon/, 2024; `match_rms_adamw`: Liu et al., Muon is
    scalable for LLM training, arXiv:2502.16982, 2025; `torch.optim.Muon`.
    """
    if not state:
        state["momenta"] = [torch.zeros_like(parameter) for parameter in parameters]
    for parameter, gradient, average in zip(parameters, gradients, state["momenta"], strict=True):
        average.lerp_(gradient, 1 - momentum)
        update = gradient.lerp(average, momentum) if nesterov else average
        matrix = update.reshape(len(update), -1)
        direction = orthogonalize(matrix, ns_coefficients, ns_steps, eps).view_as(parameter)
        parameter.mul_(1 - lr * weight_decay)
        parameter.sub_(direction, alpha=lr * _adjustment(adjust_lr_fn, *matrix.shape))


def orthogonalize(matrix, coefficients, steps, eps):
    """Move the singular values of a matrix to about 1 with the Newton-Schulz iteration.

    x = matrix / |matrix|, then x <- a x + (b y + c y^2) x with y = x x^T, in bfloat16. The
    usual coefficients raise small singular values as fast as possible: the others end up between
    about 0.7 and 1.2.
    """
    a, b, c = coefficients
    x = matrix.bfloat16()
    tall = len(x) > x.shape[1]
    if tall:  # use the smaller of the two products x x^T and x^T x
        x = x.T
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        y = x @ x.T
        x = torch.addmm(x, torch.addmm(y, y, y, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


def _adjustment(name, rows, columns):
    if name == "match_rms_adamw":
        return 0.2 * max(rows, columns) ** 0.5
    if name == "spectral_unclamped":
        return (rows / columns) ** 0.5
    return max(1, rows / columns) ** 0.5
