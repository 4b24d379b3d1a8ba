"""A device that is not the CPU, on a machine that has no other one.

Its tensors say that they are on the device `meta`, and keep their numbers on the CPU, where torch
computes with them. As on a GPU, an operation on tensors of both devices is an error, apart from
numbers (tensors without dimensions) in elementwise operations, and from indices on the CPU.
"""

import contextlib

import torch
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")

#: These copy from one device to another.
_MOVES = {"aten::copy_", "aten::_to_copy"}

#: These answer with something that is not a tensor.
_ANSWERS = {"aten::_local_scalar_dense", "aten::equal"}


class MixedDevicesError(RuntimeError):
    """An operation on tensors of two devices."""


class Away(torch.Tensor):
    """A tensor on the pretended device."""

    @staticmethod
    def __new__(cls, numbers):
        away = torch.Tensor._make_wrapper_subclass(
            cls,
            numbers.size(),
            strides=numbers.stride(),
            storage_offset=numbers.storage_offset(),
            dtype=numbers.dtype,
            device=DEVICE,
        )
        away.numbers = numbers
        return away

    def data_ptr(self):
        return self.numbers.data_ptr()

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return Pretending().__torch_dispatch__(function, types, args, kwargs)


class Pretending(TorchDispatchMode):
    """Torch with the pretended device.

    Attributes
    ----------
    fetched : list of str
        The operations that have brought numbers from the device to the CPU, which wait for a GPU.
    """

    def __init__(self):
        super().__init__()
        self.fetched = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, function._schema.name
        with self:  # within another mode, torch has not yet broken up what consists of operations
            result = function.decompose(*args, **kwargs)
        if result is not NotImplemented:
            return result
        leaves = tree_flatten((args, kwargs))[0]
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        comes_from = any(isinstance(tensor, Away) for tensor in tensors)
        goes_to = comes_from and name not in _ANSWERS
        if kwargs.get("device") is not None:
            goes_to = torch.device(kwargs["device"]) == DEVICE
            kwargs = kwargs | {"device": "cpu"}
        if name == "aten::copy_":
            goes_to = isinstance(args[0], Away)
        if comes_from and not goes_to:
            self.fetched.append(name)
        if goes_to and any(isinstance(leaf, torch.Generator) for leaf in leaves):
            raise MixedDevicesError(f"{function}: the generator is on the CPU")
        if comes_from and name not in _MOVES:
            _refuse_mixed(function, name, args, tensors)
        own = tree_map(_numbers, (args, kwargs))
        result = function(*own[0], **own[1])
        if name == "aten::copy_":
            return args[0]
        if not goes_to:
            return result
        return return_and_correct_aliasing(function, args, kwargs, tree_map(_away, result))


def _refuse_mixed(function, name, args, tensors):
    allowed = set()
    if torch.Tag.pointwise in function.tags:
        allowed = {id(tensor) for tensor in tensors if tensor.dim() == 0}
    if name == "aten::index":
        allowed = {id(tensor) for tensor in args[1]}
    for tensor in tensors:
        if not isinstance(tensor, Away) and id(tensor) not in allowed:
            raise MixedDevicesError(f"{function}: tensors are not on the same device")


def _numbers(leaf):
    return leaf.numbers if isinstance(leaf, Away) else leaf


def _away(leaf):
    return Away(leaf) if isinstance(leaf, torch.Tensor) else leaf


@contextlib.contextmanager
def pretending(*modules):
    """Let modules of the library resolve every device to the pretended one, meanwhile."""
    with contextlib.ExitStack() as stack:
        for module in modules:
            before = module.resolve
            stack.callback(setattr, module, "resolve", before)
            module.resolve = lambda *asked: DEVICE
        yield stack.enter_context(Pretending())
