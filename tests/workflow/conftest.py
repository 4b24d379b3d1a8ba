"""Real snakemake runs on a tiny data set, in copies of this checkout."""

import shutil

import pytest
from filelock import FileLock

from browser import browser
from checkouts import Checkout, make_checkout


@pytest.fixture
def checkout(tmp_path):
    """A checkout in which nothing has run yet."""
    return make_checkout(tmp_path)


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory, worker_id):
    """A checkout with a complete run, made once for all test processes; do not change it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "finished"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            make_checkout(folder).run()
            (folder / "done").touch()
    return Checkout(folder)


@pytest.fixture
def finished(finished_once, tmp_path):
    """A private copy of a checkout with a complete run."""
    shutil.copytree(finished_once.folder, tmp_path / "copy")
    return Checkout(tmp_path / "copy")


@pytest.fixture
def prepared(finished):
    """A checkout that has the prepared data but no results."""
    shutil.rmtree(finished.results)
    return finished


@pytest.fixture(scope="module")
def chromium():
    with browser() as driver:
        yield driver
