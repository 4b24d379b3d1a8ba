"""Files that are whole or absent, and the log of a job."""

import contextlib
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

#: Begins the name of what is not whole yet; pandas leaves such files and folders out.
PART = ".part-"

#: Seconds after which a part is that of a writer that was killed.
_ABANDONED = 24 * 60 * 60


@contextlib.contextmanager
def replacing(path):
    """Yield a path to write to, and rename it to `path` if all went well.

    A reader thus sees the old file, the new one or none, never half of one. Of several writers the
    last one wins. The path has the name of the file, in a folder of its own beside it; what a
    killed writer left there is removed by the first write into the folder a day later.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{PART}*"):
        with contextlib.suppress(FileNotFoundError):  # another writer removes it as well
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=PART, dir=path.parent) as folder:
        part = Path(folder) / path.name
        yield part
        os.replace(part, path)


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


def end_process(all_settings):
    """End a process that has used torch and written everything, without the clean-up of libraries.

    Measured: torch's takes 0.6 s and 120 MB. It is left to run, and this returns, if an optimizer
    is in a user's file, which may have something to finish, such as a file of its own.

    Parameters
    ----------
    all_settings : iterable of dict
        Those of the variants, with their `optimizer`.
    """
    if not any(":" in settings["optimizer"] for settings in all_settings):
        os._exit(0)
