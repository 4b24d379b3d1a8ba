"""A real Slurm, checkouts whose jobs it runs, and the results of an undisturbed local run."""

import pytest
from filelock import FileLock

from checkouts import Checkout
from clusters import TRAINING, ClusterCheckout, make_long
from private_slurm import PrivateSlurm, missing_packages


def pytest_configure():
    """Say what is missing before anything starts."""
    if missing := missing_packages():
        pytest.exit(missing, 1)


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """A Slurm with two nodes, which is stopped after the tests, whether they pass or fail."""
    with PrivateSlurm(tmp_path_factory.mktemp("slurm") / "run") as slurm:
        yield slurm


@pytest.fixture
def cluster(slurm, tmp_path):
    """A checkout with two long training jobs, in which nothing has run yet; all nodes are idle."""
    slurm.wait_for_nodes()
    checkout = ClusterCheckout(make_long(tmp_path / "checkout").folder, slurm)
    yield checkout
    slurm.run("scancel", f"--user={slurm.user}")


@pytest.fixture
def local(tmp_path):
    """The same checkout without a cluster."""
    return make_long(tmp_path / "checkout")


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory, worker_id):
    """Results of the two training jobs in an undisturbed local run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "undisturbed"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            make_long(folder).run(*TRAINING)
    return Checkout(folder).results
