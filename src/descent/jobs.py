"""What every script of the workflow does around its one function call."""

import contextlib
import os
import sys
import traceback

from descent.extras import naming_extras
from descent.process import Process


@contextlib.contextmanager
def job_log(path):
    """Send what a job prints to its log; show the message of an error on the terminal as well.

    It is for a process that does nothing else, see `descent.process`.

    Raises
    ------
    SystemExit
        With the message, if the job raises an exception; the log has the traceback.
    """
    process = Process()
    os.environ.setdefault("MPLBACKEND", "agg")  # a job has no screen
    with open(path, "w", buffering=1, encoding="utf-8") as log:
        try:
            with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log), naming_extras():
                yield log
            process.status = 0
        except Exception as error:
            traceback.print_exc(file=log)
            sys.exit(f"{type(error).__name__}: {error} (log: {path})")
