"""What a submission may use: limits that its process sets for itself before it loads any code."""

import ctypes
import os
import signal
from dataclasses import dataclass
from pathlib import Path

_MEGABYTE = 1 << 20
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Limits:
    """Limits of one submission at one setting.

    Attributes
    ----------
    wall_seconds : float
        All the time that the judge waits for its answers.
    answer_seconds : float
        The time that it may take for one answer: the import of its file, or a step.
    cpu_seconds : int
        Of its process.
    memory_mb : int
        Beyond what torch takes.
    output_kb : int
        How much of what it prints is kept; it may print more.
    file_mb : int
        The size of a file that it writes.
    processes : int
        How many processes and threads it may start. The system does not hold root to it.
    """

    wall_seconds: float = 300
    answer_seconds: float = 30
    cpu_seconds: int = 60
    memory_mb: int = 2000
    output_kb: int = 20
    file_mb: int = 1
    processes: int = 16


def set_limits(limits):
    """Limit this process and those that it starts.

    Parameters
    ----------
    limits : Limits
    """
    import resource  # which Windows has not, where this module is imported, too

    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    used = sum(os.times()[:2])
    memory = _mapped(resource.getpagesize()) + limits.memory_mb * _MEGABYTE
    for what, most in (
        (resource.RLIMIT_CPU, int(used + limits.cpu_seconds) + 1),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, limits.file_mb * _MEGABYTE),
        (resource.RLIMIT_NPROC, _tasks_of_user() + limits.processes),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _mapped(page):
    """Return the address space of this process, in bytes."""
    return page * int(Path("/proc/self/statm").read_text().split()[0])


def _tasks_of_user():
    """Count the threads of this user, which is what the limit of processes is about."""
    count = 0
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and process.stat().st_uid == os.getuid():
                count += len(os.listdir(process / "task"))
        except OSError:  # it has ended meanwhile
            continue
    return count
