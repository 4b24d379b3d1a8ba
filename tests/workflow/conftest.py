"""Real runs of snakemake, in copies of this checkout, on a tiny data set."""

import shutil

import pytest
from filelock import FileLock

from checkouts import Checkout, make_checkout


@pytest.fixture
def checkout(tmp_path):
    """A checkout in which nothing has run."""
    return make_checkout(tmp_path)


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory, worker_id):
    """A checkout whose run is complete, made once for all test processes; not to be changed."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "finished"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            make_checkout(folder).run()
            (folder / "done").touch()
    return Checkout(folder)


@pytest.fixture
def finished(finished_once, tmp_path):
    """A copy of its own of a checkout whose run is complete."""
    shutil.copytree(finished_once.folder, tmp_path / "copy")
    return Checkout(tmp_path / "copy")


@pytest.fixture
def prepared(finished):
    """A checkout in which nothing but the data is there."""
    shutil.rmtree(finished.results)
    return finished
