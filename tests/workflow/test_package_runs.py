"""An optimizer of a package, from its name to the report."""

import os
import re

import pandas as pd
import pytest

from checkouts import Checkout, trains
from descent.records import read_metadata

CLASS = """
import torch


class Sign(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    def step(self, closure=None):
        for p in self.param_groups[0]["params"]:
            p.data -= self.param_groups[0]["lr"] * p.grad.sign()
"""
ABOUT = "Metadata-Version: 2.1\nName: fake-opt\nVersion: 1.2\n"
TABLE = "results/tiny/tables/final_accuracy.csv"
THEIRS = {"optimizer": "torch.optim.Adam", "lr": 0.01, "reference": True}


@pytest.fixture
def find_packages_in(monkeypatch):
    """Let jobs find packages in a folder as well."""

    def find(folder):
        environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": ""}
        monkeypatch.setattr(Checkout, "environment", lambda self: environment)

    return find


def start(checkout, *arguments):
    process = checkout.start_anew(*arguments)
    assert process.returncode == 0, process.stdout
    return process.stdout


def would_train(checkout):
    output = start(checkout, "-n", TABLE)
    return trains({name: int(n) for name, n in re.findall(r"(?m)^(\S+) +(\d+)$", output)})


@pytest.mark.slow
def test_an_upgrade_reruns_what_used_the_package_and_a_moved_environment_nothing(
    checkout, find_packages_in
):
    site = checkout.folder / "site"
    about = site / "fake_opt-1.2.dist-info"
    about.mkdir(parents=True)
    (site / "fakeopt.py").write_text(CLASS)
    (about / "METADATA").write_text(ABOUT)
    (about / "RECORD").write_text("fakeopt.py,,\n")
    find_packages_in(site)
    pair = {"ours": {"optimizer": "fakeopt:Sign", "lr": 0.01}, "theirs": THEIRS}
    checkout.configure(comparisons={"pair": pair})
    start(checkout, TABLE)
    of = {
        variant: read_metadata(checkout.results / "epochs" / variant / "seed_0.parquet")
        for variant in pair
    }
    assert of["ours"]["packages"] == {"fake-opt": "1.2"} and "packages" not in of["theirs"]
    assert "optimizer" in of["ours"]["streams"] and "optimizer" not in of["theirs"]["streams"]

    elsewhere = site.rename(checkout.folder / "elsewhere")
    find_packages_in(elsewhere)
    assert would_train(checkout) == {}
    newer = (elsewhere / about.name).rename(elsewhere / "fake_opt-1.3.dist-info")
    (newer / "METADATA").write_text(ABOUT.replace("1.2", "1.3"))
    assert would_train(checkout) == {"train_ours_0": 1, "train_ours_1": 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("optimizer", "verdict"),
    [("optax:adam", "equal to rounding"), ("pytorch_optimizer:Lion", "different")],
)
def test_real_packages_go_through_the_whole_workflow(checkout, optimizer, verdict):
    pytest.importorskip(optimizer.partition(":")[0])
    pair = {"ours": {"optimizer": optimizer, "lr": 0.01}, "theirs": THEIRS}
    checkout.configure(comparisons={"pair": pair})
    checkout.run()
    parity = pd.read_csv(checkout.results / "tables" / "parity.csv")
    assert verdict in set(parity["verdict"])
    assert optimizer in (checkout.results / "report.html").read_text()
