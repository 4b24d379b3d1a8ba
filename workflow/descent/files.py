"""Files that are whole or absent, and the log of a job."""

import contextlib
import os
import sys
import tempfile
import traceback
from pathlib import Path


@contextlib.contextmanager
def replacing(path):
    """Yield a path beside `path` to write to, and rename it to `path` if all went well.

    A reader thus sees the old file, the new one or none, never half of one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{path.name}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def check_writable(folder):
    """Raise OSError, in one line that says what to do, if files cannot be made in `folder`."""
    existing = Path(folder).absolute()
    try:
        while not os.path.lexists(existing):
            existing = existing.parent
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        raise OSError(
            f"{folder}: cannot be written to ({error.strerror} in {existing}); "
            "make it writable or run in another folder"
        ) from None


@contextlib.contextmanager
def job_log(path):
    """Send what a job prints to its log; show an error's message on the terminal as well.

    Raises
    ------
    SystemExit
        With the message, if the job raises an exception; the log has the traceback.
    """
    with open(path, "w", buffering=1, encoding="utf-8") as log:
        try:
            with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
                yield log
        except Exception as error:
            traceback.print_exc(file=log)
            sys.exit(f"{type(error).__name__}: {error} (log: {path})")
