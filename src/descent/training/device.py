"""Where a job computes: on the CPU, or on a GPU that gives the same bits in every run."""

import contextlib
import os
import re
import warnings

import torch

from descent.errors import DeviceError

#: What can be asked for; `auto` is a GPU where there is one.
NAMES = ("auto", "cpu", "cuda")

_BYTES = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def resolve(name, key="training.device"):
    """Find the device to compute on.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    key : str
        Where it was asked for, which an error names.

    Returns
    -------
    torch.device

    Raises
    ------
    descent.errors.DeviceError
        If the name is another one, or if there is no GPU to use; the error says why.
    """
    if name not in NAMES:
        raise DeviceError(f"{key}: {name} is unknown; choose {', '.join(NAMES)}")
    if name == "cpu":
        return torch.device("cpu")
    # torch only warns, for example of a driver that is too old; the error says it instead
    asked = name == "cuda"
    with warnings.catch_warnings(record=asked, action="always" if asked else None) as warned:
        has_gpu = torch.cuda.is_available()
    if not has_gpu and not asked:
        return torch.device("cpu")
    problem = _try_gpu() if has_gpu else _why_no_gpu(warned)
    if problem:
        raise DeviceError(f"{key}: {name} cannot be used: {problem}, or choose cpu")
    return torch.device("cuda")


def _why_no_gpu(warned):
    """Say why torch finds no GPU, and what to do."""
    if not torch.backends.cuda.is_built():
        return "torch was built without CUDA; install a build of torch with CUDA"
    if warned:
        said = _first_sentence(warned[0].message)
        return f"{said}; update the driver or install a build of torch for an older one"
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        visible = os.environ["CUDA_VISIBLE_DEVICES"]
        return f"torch finds no GPU with CUDA_VISIBLE_DEVICES={visible!r}; name one in it"
    return "torch finds no GPU here; run this where nvidia-smi lists one"


def _try_gpu():
    """Compute something on the GPU, and return what is wrong with it, or None.

    torch also finds a GPU that is busy or full, or that its build has no kernels for.
    """
    try:
        torch.ones(1, device="cuda").sum().item()
    except RuntimeError as error:
        return f"{_first_sentence(error)}; look at it with nvidia-smi and choose another one"
    return None


def _first_sentence(message):
    """Shorten a message of torch, which goes on with advice in many lines."""
    line = str(message).removeprefix("CUDA initialization: ").partition("\n")[0]
    return line.partition(". ")[0].rstrip(".")


@contextlib.contextmanager
def reproducible(device):
    """Let a GPU compute in full float32, and with the same bits in every run, while this lasts.

    Nothing is changed for the CPU, which does so anyway.
    """
    if device.type == "cpu":
        yield
        return
    # cuBLAS must be told before its first product; another size could choose other kernels
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    fill = torch.utils.deterministic.fill_uninitialized_memory
    precision = torch.get_float32_matmul_precision()
    of_convolutions = torch.backends.cudnn.allow_tf32
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # all memory is written first
    torch.set_float32_matmul_precision("highest")  # no TF32, neither in products ...
    torch.backends.cudnn.allow_tf32 = False  # ... nor in convolutions, whose default it is
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        torch.utils.deterministic.fill_uninitialized_memory = fill
        torch.set_float32_matmul_precision(precision)
        torch.backends.cudnn.allow_tf32 = of_convolutions


def wait(device):
    """Wait until a GPU has done all that it was given; the CPU always has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextlib.contextmanager
def naming_stack_size(stack_size):
    """Say what to do where the memory of a GPU is too small for a stack of so many networks.

    Raises
    ------
    descent.errors.DeviceError
        In place of torch's error. It says how many fit at most, from what was in use and what could
        not be had.
    """
    try:
        yield
    except RuntimeError as error:
        if not re.search("out of memory|STATUS_ALLOC_FAILED", str(error)):
            raise  # only torch's own allocator has its own class of errors
        limit = ""
        wanted = re.search(r"Tried to allocate ([\d.]+) (bytes|[KMG]iB)", str(error))
        if wanted:
            needed = torch.cuda.max_memory_allocated() + float(wanted[1]) * _BYTES[wanted[2]]
            free, _ = torch.cuda.mem_get_info()
            fit = int(stack_size * (free + torch.cuda.memory_reserved()) / needed)
            limit = f"; at most {fit} fit" if 0 < fit < stack_size else ""
        raise DeviceError(
            f"the memory of the GPU is too small for a stack of {stack_size} networks: lower "
            f"training.stack_size{limit}"
        ) from None
