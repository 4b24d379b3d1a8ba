"""The parameters of a network as a rule wants them: a list, a dict by name, arrays, leaves.

A container is built from a list of items, one per tensor. What an item is depends on the kind of
arrays: `leaf` is a torch leaf that requires gradients, with its gradient in `.grad`; `box` has
NumPy arrays in `.data` and `.grad`; `torch` and `numpy` are plain.
"""

from collections.abc import Mapping

import numpy as np
import torch

from descent.errors import RuleError

#: Containers whose tensors come in pairs of a weight and a bias.
PAIRED = ("dict", "dict0", "pairs", "layers")


class Box:
    """A parameter of a small framework: NumPy arrays in `data` and `grad`."""

    def __init__(self, data):
        self.data, self.grad = data, None
        self.requires_grad = True

    shape = property(lambda self: self.data.shape)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.data, dtype=dtype)

    def zero_grad(self):
        """Set the gradient to 0."""
        self.grad = np.zeros_like(self.data)


class Layer:
    """A layer with `weights`, `biases`, and their gradients in `dweights` and `dbiases`."""

    def __init__(self, weights, biases):
        self.weights, self.biases = weights, biases
        self.dweights = self.dbiases = None


class Model(torch.nn.Module):
    """A network with nothing but its parameters."""

    def __init__(self, leaves):
        super().__init__()
        for index, leaf in enumerate(leaves):
            self.register_parameter(f"{'Wb'[index % 2]}{index // 2}", leaf)


def item(tensor, arrays):
    """Make an item of a tensor."""
    if arrays == "leaf":
        return torch.nn.Parameter(tensor.detach())
    if arrays == "torch":
        return tensor.detach().clone()
    array = tensor.detach().numpy().copy()
    return Box(array) if arrays == "box" else array


def gradient_item(tensor, arrays):
    """Make an item of a gradient, which is fresh."""
    if arrays in ("numpy", "box"):
        return tensor.numpy()
    # a leaf's gradient is no view, and so may be detached in place
    return tensor.clone() if arrays == "leaf" else tensor


def give_gradients(items, gradients):
    """Put gradients where a training loop has them."""
    for each, gradient in zip(items, gradients, strict=True):
        each.grad = gradient


def names(n, container):
    """Name tensors like W1, b1, W2, b2; from 0 for `dict0`."""
    first = 0 if container == "dict0" else 1
    return [f"{'Wb'[index % 2]}{index // 2 + first}" for index in range(n)]


def build(container, items, prefix=""):
    """Put items into a container."""
    if container == "single":
        return items[0]
    if container == "list":
        return list(items)
    if container == "model":
        return Model(items)
    pairs = zip(items[::2], items[1::2], strict=True)
    if container == "pairs":
        return list(pairs)
    if container == "layers":
        return [Layer(*pair) for pair in pairs]
    return {prefix + name: each for name, each in zip(names(len(items), container), items)}  # noqa: B905


def read(container, found, n):
    """Take the `n` items out of a container, or return None if it has another form."""
    if container == "single":
        return [found]
    if container == "model":
        return list(found.parameters())
    if container in ("dict", "dict0"):
        wanted = names(n, container)
        fits = isinstance(found, Mapping) and set(wanted) <= set(found)
        return [found[name] for name in wanted] if fits else None
    if not isinstance(found, list | tuple):
        return None
    items = list(found)
    if container == "layers":
        items = [part for layer in items for part in (layer.weights, layer.biases)]
    if container == "pairs":
        if not all(isinstance(pair, list | tuple) for pair in items):
            return None
        items = [part for pair in items for part in pair]
    return items if len(items) == n else None


def values(each):
    """Return an item's numbers as a tensor or array, or None if it has none."""
    each = each.data if isinstance(each, Box | torch.nn.Parameter) else each
    if isinstance(each, torch.Tensor | np.ndarray | np.generic):
        return each
    # arrays of other libraries
    return np.asarray(each) if hasattr(each, "__array__") else None


def fits(container, found, like):
    """Tell whether something has the structure and the shapes of a list of tensors."""
    items = read(container, found, len(like)) if found is not None else None
    if items is None:
        return False
    arrays = [values(each) for each in items]
    return all(
        array is not None and tuple(array.shape) == tuple(tensor.shape)
        for array, tensor in zip(arrays, like, strict=True)
    )


def bring_home(each, tensor):
    """Copy an item's numbers to the tensor that it stands for."""
    found = values(each)
    if isinstance(found, torch.Tensor):
        if found.data_ptr() == tensor.data_ptr():
            return
        if found.grad_fn is not None:
            raise RuleError(
                "a new parameter still hangs on the graph of the old one, so that the next "
                "backward() would leave its .grad empty; update under torch.no_grad()"
            )
    else:
        found = torch.from_numpy(np.array(found))
    if found.is_floating_point() and found.dtype.itemsize < tensor.dtype.itemsize:
        name = str(found.dtype).removeprefix("torch.")
        wanted = str(tensor.dtype).removeprefix("torch.")
        raise RuleError(f"it returns {name} for parameters in {wanted}; keep their dtype")
    tensor.copy_(found.detach())


def refresh(each, tensor, arrays):
    """Return the item with the numbers of the tensor; a new item if it cannot hold them."""
    found = values(each)
    if isinstance(found, torch.Tensor):
        if found.dtype == tensor.dtype:
            if found.data_ptr() != tensor.data_ptr():
                each.data.copy_(tensor)
            return each
    elif isinstance(found, np.ndarray) and found.dtype == tensor.numpy().dtype:
        if not np.array_equal(found, tensor.numpy()) and found.flags.writeable:
            found[...] = tensor.numpy()
        return each
    return item(tensor, arrays)
