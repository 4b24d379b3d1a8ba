"""Where a result comes from: versions, code, machine."""

import functools
import hashlib
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import descent


@functools.cache  # a job writes many runs, and git is a process each time
def provenance():
    """Describe the code and the machine as a dict of plain values, the same for the same both.

    `git_commit` and `git_dirty`, whether the workflow differs from it, are None outside a checkout.
    """
    changes = _git("status", "--porcelain", "--", ".", "../Snakefile")
    return {
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "descent": descent.__version__,
        "git_commit": _git("rev-parse", "HEAD"),
        "git_dirty": None if changes is None else bool(changes),
        "cpu": _cpu_model(),
        "mkl_cbwr": os.environ.get("MKL_CBWR"),
    }


def rule_provenance(optimizer):
    """Give the SHA-256 of the file of a user's rule, in a dict; empty for other optimizers."""
    file = optimizer.rpartition(":")[0]
    return {"rule_sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest()} if file else {}


def _git(*arguments):
    """Ask git in the folder of the workflow; None outside a checkout or without git."""
    command = ["git", "-C", str(Path(__file__).parents[1]), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()


def _cpu_model():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
