"""The hyperparameters of an optimizer are read from its source, before anything runs."""

import pytest

from configurations import PROJECT, configure, variant
from descent.errors import ConfigurationError, SignatureError
from descent.optimizers.signatures import check_hyperparameters

RULES = (PROJECT / "tests" / "support" / "own_rules.py").read_text()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def mine(parameters, gradients, state, *, lr:\n", "mine.py, line 1: syntax error"),
        ("def other(): pass  # not mine\n", "mine.py has no function or class mine"),
    ],
)
def test_a_broken_rule_is_named_with_its_file(tmp_path, monkeypatch, source, said):
    (tmp_path / "mine.py").write_text(source)
    monkeypatch.setattr("descent.optimizers.signatures.SCRATCH", tmp_path)
    with pytest.raises(ConfigurationError) as error:
        configure(**variant(optimizer="scratch.mine", lr=1))
    [line] = str(error.value).splitlines()
    assert line.startswith("comparisons.mine.x.optimizer: ") and said in line


MORE = """
def short(w, g): pass
class Empty: pass
def options(w, g, state, **more): pass
"""


@pytest.mark.parametrize(
    ("rule", "given", "path", "said"),
    [
        ("clipped", {"lr": 1, "max_norm": 2.0}, None, None),
        ("Normalized", {}, None, None),
        ("Adam", {"betas": [0.5, 0.9]}, None, None),
        ("clipped", {}, "lr", "missing; "),
        ("clipped", {"lr": 1, "momentum": 0.5}, "momentum", "takes no momentum here; it takes lr"),
        ("Normalized", {"rate": 1}, "rate", "it takes lr"),
        ("Adam", {"fused": True}, "fused", "takes no fused"),
        ("clip", {}, "optimizer", "has no function or class clip"),
        ("short", {}, "optimizer", "line 2: short must begin with (parameters, gradients, state)"),
        ("Empty", {}, "optimizer", "line 3: Empty needs __init__(self, params, "),
        ("options", {"lr": 1, "anything": 2}, None, None),
    ],
)
def test_the_signature_is_checked_before_anything_runs(write, rule, given, path, said):
    file = write(MORE + RULES)
    overrides = variant(optimizer=f"{file}:{rule}", **given)
    if said is None:
        configure(**overrides)
        return
    with pytest.raises(ConfigurationError) as error:
        configure(**overrides)
    [line] = str(error.value).splitlines()
    assert line.startswith(f"comparisons.mine.x.{path}: ") and said in line


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("a.py", "def rule(parameters:\n", "a.py, line 1: syntax error"),
        ("a.py", "\x00 rule", "a.py: not a text file with Python code"),
        ("a{b}.py", "def rule(w, g, state): pass", "braces"),
    ],
)
def test_a_broken_file_is_named(write, name, source, said):
    with pytest.raises(ConfigurationError) as error:
        configure(**variant(optimizer=f"{write(source, name)}:rule"))
    assert said in str(error.value)


def test_a_missing_file_is_named():
    with pytest.raises(ConfigurationError, match=r"no/such.py: no such file; the path is relative"):
        configure(**variant(optimizer="no/such.py:rule", lr=1))


def test_without_torch_the_message_says_so(monkeypatch):
    """With --sdm conda, jobs have an environment of their own, and Snakemake may have no torch."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SignatureError, match="torch, which is not installed here"):
        check_hyperparameters("torch.optim.SGD", {"lr"})
    check_hyperparameters("scratch.sgd", {"lr"})
