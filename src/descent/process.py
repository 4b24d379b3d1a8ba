"""A process of the workflow or of the command, from its first import to its end.

What torch and its like import makes a million objects that stay. Python looks through them again
and again for garbage, and at the end it takes them apart one by one. Measured: without that, torch
with its optimizers is imported in 1.8 instead of 2.3 s, and ends in 0.1 instead of 0.9 s.
"""

import atexit
import contextlib
import functools
import gc
import io
import os

#: How many new objects there may be before Python looks for garbage.
_NEW_OBJECTS = 100_000
_USUAL = gc.get_threshold()


class Process:
    """What is known of this process; made once, before anything large is imported.

    Attributes
    ----------
    status : int
        Its exit code, 1 until it is changed.
    """

    def __init__(self):
        self.status = 1
        gc.set_threshold(_NEW_OBJECTS)
        # the first to be registered is the last to be called, after threads have ended
        atexit.register(self._end)

    def _end(self):
        """End at once, after closing all files that are still open, also those of users' code."""
        is_file = functools.cache(lambda kind: issubclass(kind, io.IOBase))
        files = [each for each in gc.get_objects() if is_file(type(each))]
        # one may write to another, as text to a compressed file, so that none is closed before
        for finish in ("flush", "close"):
            for file in files:
                with contextlib.suppress(Exception):  # it is closed, or its disk is full
                    getattr(file, finish)()
        os._exit(self.status)


@contextlib.contextmanager
def importing():
    """Look for garbage rarely while something large is imported."""
    before = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def collect_as_usual():
    """Look for garbage as often as Python does: for what goes on for long once it has imported."""
    gc.set_threshold(*_USUAL)
