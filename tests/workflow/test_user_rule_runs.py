"""A user's own update rule, from its file to the table; docs/tutorial.md covers the report."""

import hashlib

import pandas as pd
import pytest

from checkouts import refusal, trains
from descent.records import read_metadata

RULE = """
import atexit
from pathlib import Path


def mine(parameters, gradients, state, *, lr, momentum):
    if not state:
        atexit.register(Path("finished").touch)
        state["velocity"] = [0 * p for p in parameters]
    for p, g, v in zip(parameters, gradients, state["velocity"], strict=True):
        p -= lr * v.mul_(momentum).add_(g)
"""
CLASS = """
import torch


class Mine(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    def step(self, closure=None):
        for p in self.param_groups[0]["params"]:
            p.data -= self.param_groups[0]["lr"] * p.grad
"""

TABLE = "results/tiny/tables/final_accuracy.csv"


@pytest.fixture
def users(prepared):
    """A checkout with a rule and a class in two files of one name."""
    for folder, source in (("a", RULE), ("b c", CLASS)):
        (prepared.folder / folder).mkdir()
        (prepared.folder / folder / "my_rules.py").write_text(source)
    prepared.configure(
        seeds_per_job=3,
        comparisons={
            "pair": {
                "rule": {"optimizer": "a/my_rules.py:mine", "lr": 0.05, "momentum": 0.9},
                "class": {"optimizer": "./b c/my_rules.py:Mine", "lr": 0.05},
            }
        },
    )
    return prepared


@pytest.mark.slow
def test_rules_of_the_user_run_and_rerun_when_they_are_edited(users):
    users.run(TABLE)
    accuracy = pd.read_csv(users.folder / TABLE, index_col="variant")
    assert set(accuracy.index) == {"rule", "class"}
    assert accuracy["mean"].min() > 0.6 and accuracy["mean"]["rule"] > 0.9
    assert (users.folder / "finished").exists()
    assert users.would_run(TABLE) == {}
    about = {
        variant: read_metadata(users.results / "epochs" / variant / "seed_0.parquet")
        for variant in ("rule", "class")
    }
    for variant, source in (("rule", RULE), ("class", CLASS)):
        assert about[variant]["rule_sha256"] == hashlib.sha256(source.encode()).hexdigest()

    file = users.folder / "a" / "my_rules.py"
    file.write_text(file.read_text() + "\n# changed\n")
    assert trains(users.would_run()) == {"train_rule_0": 1}
    file.write_text(RULE.replace("v.mul_", "state['forgotten'].mul_"))
    process = users.snakemake(TABLE)
    assert process.returncode != 0
    said = "RuleError: a/my_rules.py, line 11: KeyError: 'forgotten' (log: results/tiny/logs/"
    assert said in process.stdout, process.stdout
    log = (users.results / "logs" / "train_rule_0.log").read_text()
    assert "Traceback" in log and "p -= lr * state['forgotten']" in log

    file.unlink()
    line = refusal(users.snakemake())
    assert line.startswith("comparisons.pair.rule.optimizer: a/my_rules.py: no such file")
