"""Where a job computes: on the CPU, or on a GPU that gives the same bits in every run."""

import contextlib
import os
import re

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
        If the name is another one, or if there is no GPU to use.
    """
    if name not in NAMES:
        raise DeviceError(f"{key}: {name} is unknown; choose {', '.join(NAMES)}")
    has_gpu = name != "cpu" and torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        why = (
            "torch finds no GPU here; run this where nvidia-smi lists one"
            if torch.backends.cuda.is_built()
            else "torch was built without CUDA; install a build of torch with CUDA"
        )
        raise DeviceError(f"{key}: cuda cannot be used: {why}, or choose cpu")
    return torch.device("cuda" if has_gpu else "cpu")


@contextlib.contextmanager
def reproducible(device):
    """Let a GPU compute in full float32, and with the same bits in every run, while this lasts.

    Nothing is changed for the CPU, which does so anyway.
    """
    if device.type == "cpu":
        yield
        return
    # cuBLAS must be told before its first product
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    fill = torch.utils.deterministic.fill_uninitialized_memory
    precision = torch.get_float32_matmul_precision()
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # all memory is written first
    torch.set_float32_matmul_precision("highest")  # no TF32
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        torch.utils.deterministic.fill_uninitialized_memory = fill
        torch.set_float32_matmul_precision(precision)


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
    except torch.OutOfMemoryError as error:
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
