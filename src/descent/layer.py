"""A layer of all seeds of a stack, W x + b, by the faster of the libraries that torch has.

For products, torch calls MKL, which uses half of the width of AVX-512 on CPUs that are not Intel's.
Its other library, oneDNN, uses all of it. Measured on an AMD EPYC (Zen 5): 200 instead of 105
GFLOP/s in the first layer of the lab's network, and no difference where it is held to AVX2.
"""

import os

# MKL may choose another kernel, with other bits, for a matrix that is aligned differently, as each
# seed's slice of a stacked tensor is. Its reproducible mode prevents that, at no measurable cost.
# It must be set before MKL is first used, which is for a product in this module.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")

import torch

#: Weights of a layer from which oneDNN is worth its calls: it has one for each seed, where MKL has
#: one for all. Measured: layers of 100 x 100 are no faster.
LARGE = 50_000


def layer(weight, bias, inputs):
    """Compute W x + b for every seed.

    Parameters
    ----------
    weight, bias : torch.Tensor
        (seeds, outputs, inputs) and (seeds, outputs).
    inputs : torch.Tensor
        (seeds, inputs, images), columns as in the formula.

    Returns
    -------
    torch.Tensor
        (seeds, outputs, images). A seed's numbers do not depend on the seeds beside it.
    """
    if is_wide(weight):
        return Wide.apply(weight, bias, inputs)
    return torch.baddbmm(bias.unsqueeze(2), weight, inputs)


def is_wide(weight):
    """Tell whether oneDNN is there and faster; only the layer and the kind of CPU decide."""
    return (
        weight.shape[1:].numel() >= LARGE
        and weight.device.type == "cpu"
        and weight.dtype == torch.float32
        and torch.backends.mkldnn.is_available()
        and torch.backends.cpu.get_cpu_capability() == "AVX512"
    )


class Wide(torch.autograd.Function):
    """W x + b, whose large products oneDNN computes; see `layer`."""

    @staticmethod
    def forward(ctx, weight, bias, inputs):
        """Compute W x + b."""
        ctx.save_for_backward(weight, inputs)
        return products(weight, inputs).add_(bias.unsqueeze(2))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, errors):
        """Compute the gradients: d x^T for the weights, d for the bias, W^T d for the inputs."""
        weight, inputs = ctx.saved_tensors
        of_inputs = products(weight.mT, errors) if ctx.needs_input_grad[2] else None
        return products(errors, inputs.mT), errors.sum(2), of_inputs


def products(left, right):
    """Multiply the matrices of each seed, by oneDNN; in float64, for tests, by torch.

    Parameters
    ----------
    left, right : torch.Tensor
        (seeds, n, m) and (seeds, m, k).

    Returns
    -------
    torch.Tensor
        (seeds, n, k)
    """
    if left.dtype != torch.float32:
        return left @ right
    # torch has no public name for this operator, to which torch.compile turns its linear layers
    product = torch.ops.mkldnn._linear_pointwise.default
    pairs = zip(left.unbind(), right.mT.unbind(), strict=True)
    return torch.stack([product(one, other, None, "none", [], "") for one, other in pairs])
