"""The order of all tests, and the end of what they share."""

import gc

from forking import close_nurseries


def pytest_collection_modifyitems(items):
    """Begin with what takes long, so that no process waits for another's last test."""
    items.sort(key=lambda item: "unit" in item.path.parts)


def pytest_collection_finish():
    """Look for garbage rarely, and not among all that was imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_unconfigure():
    """Leave no process behind."""
    gc.unfreeze()  # or nanobind reports what is left as leaks
    close_nurseries()
