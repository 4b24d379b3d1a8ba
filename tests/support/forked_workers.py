"""Workers of submissions that fork from the tests' process, which saves the import of torch.

What a worker is told, answers, prints and may use is that of a worker that is started as usual. One
in a sandbox, or of another user, is started as usual.
"""

import os
import subprocess
import sys
import traceback
from types import SimpleNamespace

from descent.grading import session, worker


def fork_workers(monkeypatch):
    """Let sessions fork their workers until the end of a test."""
    names = ("DEVNULL", "PIPE", "STDOUT", "TimeoutExpired")
    kept = {name: getattr(subprocess, name) for name in names}
    monkeypatch.setattr(session, "subprocess", SimpleNamespace(Popen=_fork, **kept))


def _fork(command, *, env, pass_fds, **options):
    """Do what `subprocess.Popen` does, except that no program is executed."""
    if command[0] != sys.executable:
        return subprocess.Popen(command, env=env, pass_fds=pass_fds, **options)
    (descriptor,) = pass_fds

    def work():
        os.closerange(3, descriptor)
        os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))
        os.environ.clear()
        os.environ.update(env)
        sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1)
        try:
            worker.main(descriptor)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    # an interpreter ignores the same signals as this one
    options |= {"preexec_fn": work, "restore_signals": False}
    return subprocess.Popen(command, env=env, pass_fds=pass_fds, **options)
