"""Gradients that are clipped before the step, each network's on its own."""

import torch


def clip_norm(gradients, limit, epsilon=1e-6):
    """Scale the gradients of each network so that their total norm is at most a limit.

    This is torch.nn.utils.clip_grad_norm_ with the Euclidean norm (Pascanu, Mikolov and Bengio, On
    the difficulty of training recurrent neural networks, ICML 2013, algorithm 1), for each network:
    g <- g min(1, limit / (|g| + epsilon)), with the norm |g| over all tensors.

    Parameters
    ----------
    gradients : list of torch.Tensor
        Stacked over seeds, of any floating-point dtype; changed in place.
    limit : float
    epsilon : float
        What torch adds to the norm.
    """
    # One network after the other: a norm over the stack might be summed in another order.
    for network in zip(*(gradient.unbind() for gradient in gradients), strict=True):
        norms = torch.stack([torch.linalg.vector_norm(gradient) for gradient in network])
        factor = (limit / (torch.linalg.vector_norm(norms) + epsilon)).clamp(max=1)
        for gradient in network:
            gradient.mul_(factor)


def clip_value(gradients, limit):
    """Limit every number of the gradients to [-limit, limit], as torch.nn.utils.clip_grad_value_.

    Parameters
    ----------
    gradients : list of torch.Tensor
        Changed in place.
    limit : float
    """
    for gradient in gradients:
        gradient.clamp_(-limit, limit)


#: Maps the keys of `gradient_clipping` in the configuration to what they do.
KINDS = {"norm": clip_norm, "value": clip_value}
