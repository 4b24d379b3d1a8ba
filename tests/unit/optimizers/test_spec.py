"""Optimizer names are parsed in one place."""

import hashlib
from pathlib import Path

import pytest

from descent.optimizers.spec import (
    SCRATCH,
    Spec,
    parse,
    source_file,
    source_provenance,
    split_settings,
)


@pytest.mark.parametrize(
    ("optimizer", "parts"),
    [
        ("scratch.sgd", Spec("scratch", "sgd")),
        ("torch.optim.SGD", Spec("torch.optim", "SGD")),
        ("my_rules.py:momentum", Spec("file", "momentum", "my_rules.py")),
        ("a:b/c.d.py:Mine", Spec("file", "Mine", "a:b/c.d.py")),
        ("sgd", Spec("", "sgd")),
    ],
)
def test_an_optimizer_has_three_forms(optimizer, parts):
    assert parse(optimizer) == parts


def test_the_file_of_a_rule():
    assert source_file("scratch.sgd") == SCRATCH / "sgd.py" and (SCRATCH / "sgd.py").exists()
    assert source_file("a/mine.py:rule") == Path("a/mine.py")
    assert source_file("torch.optim.SGD") is None


def test_settings_are_an_optimizer_and_its_hyperparameters():
    settings = {"lr": 0.1, "optimizer": "scratch.sgd", "momentum": 0.9}
    assert split_settings(settings) == ("scratch.sgd", {"lr": 0.1, "momentum": 0.9})
    others = {"lr_scheduler": [], "gradient_clipping": {}, "groups": [], "reference": True}
    assert split_settings(settings | others) == split_settings(settings)


def test_the_content_of_a_users_file_is_recorded(tmp_path):
    (tmp_path / "mine.py").write_bytes(b"def rule(): pass")
    digest = hashlib.sha256(b"def rule(): pass").hexdigest()
    assert source_provenance("rule", f"{tmp_path / 'mine.py'}:rule") == {"rule_sha256": digest}
    assert source_provenance("rule", "scratch.sgd") == {}
    assert source_provenance("rule", "torch.optim.SGD") == {}
