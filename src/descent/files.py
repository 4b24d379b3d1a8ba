"""Atomic file writes: a file is either complete or absent."""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from descent.errors import NotWritableError

#: Prefix of the names of unfinished files and folders; pandas skips them.
PART = ".part-"

#: Age in seconds from which an unfinished file counts as left behind by a killed writer.
_ABANDONED = 24 * 60 * 60


@contextlib.contextmanager
def replacing(path):
    """Yield a temporary path to write to, and rename it to `path` on success.

    Readers see the old file, the new one or none, but never a partial one. If there are several
    writers, the last one wins. The temporary path has the same file name, in a separate folder next
    to `path`. What a killed writer leaves there is removed by a write beside it after a day.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{PART}*"):
        with contextlib.suppress(FileNotFoundError):  # another writer is removing it too
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=PART, dir=path.parent) as folder:
        part = Path(folder) / path.name
        yield part
        os.replace(part, path)


def check_writable(folder):
    """Raise NotWritableError unless `folder`, or its nearest existing parent, is writable."""
    existing = Path(folder).absolute()
    try:
        while not os.path.lexists(existing):
            existing = existing.parent
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        raise NotWritableError(
            f"{folder}: cannot be written to ({error.strerror} in {existing}); "
            "make it writable or run in another folder"
        ) from None
