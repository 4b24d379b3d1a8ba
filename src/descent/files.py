"""Files that are whole or absent."""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from descent.errors import NotWritableError

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
    """Raise NotWritableError if no file can be made in `folder`, or where it would be created."""
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
