"""Where a result comes from: versions, code and machine."""

import functools
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import descent


@functools.cache  # a job writes many runs, and each git call starts a process
def provenance(device="cpu"):
    """Describe the code and the machine as a dict of plain values.

    `device` is what a job computes on, `cpu` or `cuda`; `device_name` is the model of that.
    `git_commit` and `git_dirty`, which is whether the code differs from that commit, are None
    outside a checkout.
    """
    changes = commit = None
    # When installed into an environment, this file may be inside another project's repository.
    if _git("ls-files", "--error-unmatch", __file__) is not None:
        changes = _git("status", "--porcelain", "--", "src", "workflow", "Snakefile")
        commit = _git("rev-parse", "HEAD")
    return {
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "descent": descent.__version__,
        "git_commit": commit,
        "git_dirty": None if changes is None else bool(changes),
        "cpu": _cpu_model(),
        "device": device,
        "device_name": _cpu_model() if device == "cpu" else _gpu_model(),
        "mkl_cbwr": os.environ.get("MKL_CBWR"),
    }


def _git(*arguments):
    """Return git's output in the project's folder; None outside a checkout or without git."""
    command = ["git", "-C", str(Path(__file__).parents[2]), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()


def _gpu_model():
    import torch  # only here: what reads results has no need of it

    return torch.cuda.get_device_name()


def _cpu_model():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
