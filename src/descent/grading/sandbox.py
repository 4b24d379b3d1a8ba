"""Where a submission's process runs: with no network and a read-only view of almost nothing.

That takes bubblewrap, https://github.com/containers/bubblewrap, which may be forbidden, as in many
containers. So it is tried once.
"""

import functools
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import numpy
import torch

import descent
from descent.errors import UsageError

#: Where the submission's folder appears inside.
INSIDE = "/submission"

_SECONDS = 60

#: What programs need of the system, as far as it exists.
_OF_SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/sys/devices/system")


def choose(unsandboxed):
    """Choose how processes are started.

    Parameters
    ----------
    unsandboxed : bool or str
        Whether to do without a sandbox; a name is that of the user that takes its place.

    Returns
    -------
    callable
        `choice(folder, command)` returns the whole command, and the folder to start it in.

    Raises
    ------
    UsageError
        If a sandbox is wanted and does not work here, or this is not Linux.
    """
    if sys.platform != "linux":
        raise UsageError("processes of their own need Linux, such as a container with Linux")
    if isinstance(unsandboxed, str):
        return functools.partial(bare_as, unsandboxed)
    if unsandboxed:
        return bare
    if problem := probe():
        raise UsageError(
            f"no sandbox works here: {problem}; install bubblewrap, or grade where nothing is of "
            "value, such as in a container without a network, with --unsandboxed"
        )
    return boxed


def bare(folder, command):
    """Start a command as it is, in its folder."""
    return command, folder


def bare_as(user, folder, command):
    """Start a command as another user, which only root can."""
    import pwd  # which Windows has not

    as_user = [f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]
    return ["setpriv", *as_user, "--", *command], folder


def boxed(folder, command):
    """Start a command in bubblewrap: only Python, this package and the folder can be read."""
    binds = [
        part for path in _OF_SYSTEM if Path(path).exists() for part in ("--ro-bind", path, path)
    ]
    for path in _of_python():
        binds += ["--ro-bind", path, path]
    box = [
        *("bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
        *binds,
        *("--ro-bind", str(Path(folder).absolute()), INSIDE, "--chdir", INSIDE, "--"),
    ]
    return [*box, *command], folder


def _of_python():
    """List the folders of Python and of the packages that a worker imports."""
    packages = [Path(module.__file__).parent for module in (descent, numpy, torch)]
    roots = [sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages()]
    paths = [*map(Path, roots), *packages]
    if not any(packages[-1].is_relative_to(root) for root in roots):  # installed for one user
        paths.append(packages[-1].parent)
    return list(dict.fromkeys(str(path) for path in paths if path.is_dir()))


@functools.cache
def probe():
    """Say why bubblewrap does not work here; None if it does."""
    if shutil.which("bwrap") is None:
        return "bwrap is not installed"
    command, _ = boxed("/usr", [sys.executable, "-c", ""])
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bwrap fails ({error})"
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return f"bwrap fails ({said.removeprefix('bwrap: ')})"
    return None


def environment():
    """Return the environment of a worker: nothing of the user's but what starts Python."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "LANG") if name in os.environ}
    single = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    return {
        **kept,
        **single,
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "PYTHONPATH": str(Path(descent.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
