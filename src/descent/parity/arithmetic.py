"""Monte Carlo arithmetic: how far rounding alone can take an optimizer from its own result.

Another formulation of the same rule rounds elsewhere. How much that may change the result depends
on the rule, its hyperparameters and the gradients: 1 - b^t loses digits when b is close to 1, and a
sign turns when a sum is nearly 0. So the reference itself is run again, with each result of each
operation disturbed by a random relative error of a few roundings (Parker, Monte Carlo arithmetic,
UCLA CSD-970002, 1997; Denis, de Oliveira Castro and Petit, Verificarlo, ARITH 2016).

Every disturbed run has a twin whose errors have the opposite signs. Where a quantity is so close to
a jump that a rounding carries it across, one of the two crosses.
"""

import contextlib
import functools
import math
import random
from dataclasses import dataclass

import torch
from torch.utils._python_dispatch import TorchDispatchMode

#: The error of an operation, in roundings; the same as in the formula of `descent.parity.replay`.
ROUNDINGS = 16

#: bfloat16 and float16 are chosen for speed, and roundings of that size leave little to compare.
#: Sums are computed in float32 and rounded once.
_FEW_ROUNDINGS = 8
_LOW = {torch.bfloat16, torch.float16}

#: Errors that are drawn: enough for a layer of 1,000 x 1,000.
_POOL = 1 << 21

#: Operations whose result is exact, whatever its digits: signs, order, constants, and moves.
_EXACT = {
    *("abs", "neg", "sign", "sgn", "relu", "copysign", "heaviside"),
    *("floor", "ceil", "round", "trunc", "nan_to_num"),
    *("maximum", "minimum", "max", "min", "amax", "amin", "fmax", "fmin", "sort", "topk"),
    *("clamp", "clamp_min", "clamp_max"),
    *("zeros", "zeros_like", "ones", "ones_like", "full", "full_like", "empty", "empty_like"),
    *("new_zeros", "new_ones", "new_full", "new_empty", "scalar_tensor", "arange", "eye"),
    *("zero", "fill", "clone", "detach", "alias", "lift_fresh", "_unsafe_view"),
    *("where", "masked_fill", "masked_select", "index", "index_put", "index_select"),
    *("gather", "scatter", "cat", "stack", "flip", "roll", "repeat", "constant_pad_nd"),
    *("tril", "triu"),
}
_CONVERSIONS = {"copy", "_to_copy"}
_PRODUCTS = {"mm", "addmm", "bmm", "baddbmm", "mv", "addmv", "dot", "vdot", "linear", "matmul"}


@dataclass(frozen=True)
class Noise:
    """Errors of one disturbed run.

    Attributes
    ----------
    sign : int
        1, or -1 for the twin.
    single_precision_scalars : bool
        Whether Python's numbers, which have 53 bits, are disturbed as if they had the 24 of
        float32, and sums as if they were added one number after the other.
    """

    sign: int
    single_precision_scalars: bool = False


class Disturbed(TorchDispatchMode):
    """Disturbs the result of every torch operation; see `disturb` for Python's numbers.

    Parameters
    ----------
    noise : Noise
    """

    def __init__(self, noise):
        super().__init__()
        self._noise = noise
        self._random = random.Random(0)
        scalar = torch.float32 if noise.single_precision_scalars else torch.float64
        self._scalar_error = noise.sign * ROUNDINGS * unit(scalar)

    def number(self, value, power=0):
        """Disturb a number; a power has the error of its base, too, each time the same one."""
        error = self._scalar_error * (self._random.uniform(-1, 1) + power)
        return Number(value * (1 + error), self)

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        operation = _operation(function)
        factors = self._small_factors(operation, args)
        result = function(*args, **kwargs)
        if operation.is_exact or (operation.name in _CONVERSIONS and not _rounds(args, result)):
            return result
        # foreach operations have lists of tensors; some return nothing and write to the first
        for index, tensor in enumerate(_flat(args[:1] if result is None else result)):
            if tensor.is_floating_point():
                own = [each[index] if isinstance(each, list) else each for each in args]
                self._disturb(tensor, _terms(operation.name, own, tensor.numel()))
                if factors:
                    _keep_sign(tensor, *factors)
        return result

    def _disturb(self, tensor, terms):
        if tensor.dim() == 0 and terms == 1 and tensor == tensor.round():
            return  # a counter: sums of small integers are exact
        is_low = tensor.dtype in _LOW
        roundings = self._noise.sign * (_FEW_ROUNDINGS if is_low else ROUNDINGS)
        if terms == 1 or is_low:
            factors = _factors(tensor.dtype, roundings, tensor.device)
            tensor.mul_(self._piece(factors, tensor))
            return
        roundings *= math.sqrt(terms)
        if self._noise.single_precision_scalars and terms > abs(roundings):
            roundings = self._noise.sign * terms
        errors = self._piece(_pool(tensor.dtype, tensor.device), tensor)
        tensor.mul_(1 + roundings * unit(tensor.dtype) * errors)

    def errors(self, tensor):
        """Draw a relative error of `ROUNDINGS` for every element of a tensor."""
        size = self._noise.sign * ROUNDINGS * unit(tensor.dtype)
        return size * self._piece(_pool(tensor.dtype, tensor.device), tensor)

    def _piece(self, pool, tensor):
        """Take as many numbers of a pool as a tensor has, from a place at random."""
        n = tensor.numel()
        if n > _POOL:
            return pool[torch.arange(n, device=pool.device) % _POOL].view(tensor.shape)
        offset = self._random.randrange(_POOL - n + 1)
        return pool[offset : offset + n].view(tensor.shape)

    def _small_factors(self, operation, args):
        """Return the factors of a product in float32, which may underflow, for one of the twins."""
        if self._noise.sign < 0 or operation.name not in ("mul", "pow"):
            return None
        is_square = operation.name == "pow" and isinstance(args[1], int) and args[1] == 2
        factors = args[:1] * 2 if is_square else args[:2]
        if not all(
            isinstance(each, torch.Tensor) and each.dtype == torch.float32 for each in factors
        ):
            return None
        return [each.clone() for each in factors] if operation.is_in_place else factors


def _keep_sign(product, *factors):
    """Let a product keep its sign where it has underflowed to 0."""
    lost = product == 0
    if lost.any():
        sign = factors[0].sign() * factors[1].sign()
        product.copy_(torch.where(lost, sign * torch.finfo(product.dtype).tiny, product))


@functools.lru_cache(maxsize=8)
def _factors(dtype, roundings, device):
    """Compute the factors with which results are disturbed: 1 + an error."""
    return 1 + roundings * unit(dtype) * _pool(dtype, device)


@functools.cache
def _pool(dtype, device):
    """Draw errors once, uniform in [-1, 1]; each operation takes them from another place.

    They are drawn on the CPU: the same ones on every device.
    """
    random = torch.Generator().manual_seed(0)
    return (2 * torch.rand(_POOL, generator=random) - 1).to(device, dtype)


def unit(dtype):
    """Return the unit roundoff u of a floating-point dtype."""
    return torch.finfo(dtype).eps / 2


@dataclass(frozen=True)
class _Operation:
    """What there is to know about an operation, apart from its arguments.

    Attributes
    ----------
    name : str
        Without what tells apart its variants, such as those that write in place.
    is_exact : bool
        Whether its result is exact, or a view.
    is_in_place : bool
        Whether it writes to an argument.
    """

    name: str
    is_exact: bool
    is_in_place: bool


@functools.cache
def _operation(function):
    schema = function._schema
    name = schema.name.removeprefix("aten::").removeprefix("_foreach_")
    name = name if name == "_to_copy" else name.removesuffix("_")
    views = [each.alias_info for each in schema.returns if each.alias_info is not None]
    is_view = not all(info.is_write for info in views)
    return _Operation(name, name in _EXACT or is_view, schema.is_mutable)


def _flat(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in _flat(item)]
    return []


def _terms(name, args, n):
    """Count the numbers that are added up to one of the n numbers of the result."""
    tensors = [each for each in args if isinstance(each, torch.Tensor)]
    if name in _PRODUCTS:
        return tensors[-2].shape[-1]
    return max(1, max([each.numel() for each in tensors], default=1) // max(1, n))


def _rounds(args, result):
    """Tell whether a conversion, or a copy to another tensor, loses digits."""
    tensors = _flat(args)
    given, wanted = tensors[-1].dtype, next(iter(_flat(result)), tensors[0]).dtype
    return given.is_floating_point and unit(given) < unit(wanted)


class Number(float):
    """A number whose arithmetic is disturbed: the hyperparameters of a disturbed run.

    Torch takes it where it takes a float.
    """

    def __new__(cls, value, arithmetic):
        """Make a number that `Disturbed` has disturbed."""
        number = super().__new__(cls, value)
        number._arithmetic = arithmetic
        return number


def _operator(name):
    exact = getattr(float, name)

    def operator(self, other):
        result = exact(self, other)
        if not isinstance(result, float):
            return result  # a tensor, or a complex number, takes over
        return self._arithmetic.number(result, power=other if name == "__pow__" else 0)

    return operator


for _name in ("add", "sub", "mul", "truediv", "pow"):
    for _method in (f"__{_name}__", f"__r{_name}__"):
        setattr(Number, _method, _operator(_method))


def disturb(value, arithmetic):
    """Disturb every float in a hyperparameter, which may be a tuple or list."""
    if isinstance(value, tuple | list):
        return type(value)(disturb(item, arithmetic) for item in value)
    return arithmetic.number(value) if type(value) is float else value


@contextlib.contextmanager
def default_dtype(dtype):
    """Let new tensors have a dtype: also the scalars of torch's optimizers, as NAdam's products."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
