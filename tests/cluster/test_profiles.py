"""On a real Slurm, the workflow gives the same bits as a local run."""

import pytest
import yaml
from filelock import FileLock

from checkouts import PROJECT, Checkout, make_checkout
from clusters import GENERIC, SLURM, ClusterCheckout, assert_same_bits

pytestmark = pytest.mark.cluster

MNIST = PROJECT.parent / "shared" / "mnist"
DIGITS = yaml.safe_load((PROJECT / "config" / "digits.yaml").read_text())


def make(folder, configuration):
    """Make a checkout with an experiment other than the tiny one."""
    checkout = make_checkout(folder)
    (folder / "tiny.yaml").write_text(yaml.safe_dump({**configuration, "name": "tiny"}))
    return checkout


@pytest.fixture(scope="session")
def local_digits(tmp_path_factory, worker_id):
    """Results of the digits experiment, run on this machine."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "digits"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            make(folder, DIGITS).run()
    return Checkout(folder).results


@pytest.mark.parametrize("profile", [SLURM, GENERIC], ids=["slurm", "cluster-generic"])
def test_the_digits(slurm, tmp_path, local_digits, profile):
    checkout = ClusterCheckout(make(tmp_path / "here", DIGITS).folder, slurm, profile)
    said = checkout.run("--printshellcmds")  # with Snakemake's own output
    assert_same_bits(checkout.results, local_digits)
    assert "localrule prepare" in said and "localrule train" not in said
    assert "Nothing to be done" in checkout.run()


@pytest.mark.skipif(not MNIST.is_dir(), reason="MNIST is not in ../shared/mnist")
def test_an_epoch_of_mnist(slurm, tmp_path):
    experiment = {
        "dataset": {"sources": [str(MNIST)]},
        "seeds": [0, 1],
        "training": {"epochs": 1},
    }
    here = make(tmp_path / "here", experiment)
    here.run("curves")
    there = ClusterCheckout(make(tmp_path / "there", experiment).folder, slurm)
    there.run("curves")
    assert_same_bits(there.results, here.results)
