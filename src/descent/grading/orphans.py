"""Processes that a submission leaves behind, also those that have left its process group."""

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

_ADOPT = 36  # PR_SET_CHILD_SUBREAPER
_SECONDS = 5


def adopt():
    """Become the parent of whatever descends from this process and loses its own parent."""
    ctypes.CDLL(None).prctl(_ADOPT, 1)


def children():
    """Return the numbers of the processes that this process is the parent of."""
    found = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                # the name, in parentheses, may hold anything
                parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == os.getpid():
                    found.add(int(process.name))
    return found


def kill_new(before):
    """Kill the children that were not there before, and theirs, once they are adopted.

    Parameters
    ----------
    before : set of int
        What `children` returned before.
    """
    deadline = time.monotonic() + _SECONDS
    while (new := children() - before) and time.monotonic() < deadline:
        for process in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process, 0)
