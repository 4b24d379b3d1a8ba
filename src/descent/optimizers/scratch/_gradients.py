"""What most rules of torch.optim do with the gradients first."""


def effective(parameters, gradients, *, weight_decay, maximize):
    """Return the gradients of the loss with its penalty: g + lambda w, with -g to maximize.

    Parameters
    ----------
    parameters, gradients : list of torch.Tensor
        Of the same shapes; left as they are.
    weight_decay : float
        lambda, the factor of the penalty lambda |w|^2 / 2.
    maximize : bool
        Whether to climb the loss instead of descending it.

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
