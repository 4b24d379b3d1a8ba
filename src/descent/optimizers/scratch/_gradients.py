"""What most optimizers in torch.optim do first with the gradients."""


def effective(parameters, gradients, *, weight_decay, maximize):
    """Return the gradients of the penalized loss, g + lambda w, with -g for g to maximize.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        With the same shapes; left unchanged.
    weight_decay : float
        lambda, the factor of the penalty lambda |w|^2 / 2.
    maximize : bool
        Whether to maximize the loss instead of minimizing it.

    Returns
    -------
    list of torch.Tensor
    """
    if maximize:
        gradients = [-gradient for gradient in gradients]
    if weight_decay:
        gradients = [
            gradient.add(parameter, alpha=weight_decay)
            for parameter, gradient in zip(parameters, gradients, strict=True)
        ]
    return gradients
