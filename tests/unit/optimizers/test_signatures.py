"""The hyperparameters of an optimizer are read from its source, before anything runs."""

import pytest

from configurations import PROJECT, configure, variant
from descent.errors import ConfigurationError, SignatureError
from descent.optimizers.signatures import (
    check_hyperparameters,
    check_values,
    list_hyperparameters,
)

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


BASE = "def base(w, g, s, *, lr, betas=(0.9, 0.99), k=1, on=False, mode=None): pass\n"
FORMS = {
    "the last of two": "def rule(w, g, s): pass\n" + BASE.replace("base", "rule"),
    "in a block": "if True:\n    try:\n        "
    + BASE.replace("base", "rule")
    + "    finally: pass\n",
    "another name": BASE + "rule = base",
    "annotated": BASE + "rule: object = base",
    "partial": BASE + "from functools import partial\nrule = partial(base)",
    "lambda": "rule = lambda w, g, s, *, lr, betas=(0.9, 0.99), k=1, on=False, mode=None: None",
    "imported": "from beside import base as rule",
    "attribute": "import beside as b\nrule = b.base",
    "star": "from beside import *\nrule = base",
    "through a package": "from folder import base as rule",
}


@pytest.mark.parametrize("source", FORMS.values(), ids=FORMS)
def test_a_signature_is_found_however_the_name_is_bound(write, source):
    write(BASE, "beside.py")
    write("from beside import base", "folder/__init__.py")
    rule = f"{write(source)}:rule"
    check_hyperparameters(rule, {"lr", "betas"})
    assert list_hyperparameters(rule) == {"betas"}
    for given, said in (({}, "lr: missing"), ({"lr", "x"}, "takes no x here; it takes lr, betas")):
        with pytest.raises(SignatureError, match=said):
            check_hyperparameters(rule, given)


@pytest.mark.parametrize(
    "source",
    [
        "rule = make(0.9)",
        "from elsewhere import rule",
        "rule, other = pair",
        "if x:\n    def rule(w, g, s, *, a): pass\nelse:\n    def rule(w, g, s, *, b): pass",
        "rule = rule",
    ],
)
def test_what_only_running_can_tell_takes_anything(write, source):
    check_hyperparameters(f"{write(source)}:rule", {"anything"})


@pytest.mark.parametrize(
    ("source", "takes"),
    [
        ("from torch.optim import SGD as Base\nclass rule(Base): pass", "nesterov"),
        ("import torch.optim as o\nclass rule(o.Adam): pass", "amsgrad"),
        ("from beside import Mine\nclass rule(Mine): pass", "own"),
        ("class Mixin: pass\nimport torch\nclass rule(Mixin, torch.optim.SGD): pass", "nesterov"),
        ("import torch\nrule = torch.optim.SGD", "nesterov"),
    ],
)
def test_the_bases_of_a_class_are_followed(write, source, takes):
    write(
        "from torch.optim import SGD\nclass Mine(SGD):\n    def __init__(self, p, own): pass",
        "beside.py",
    )
    rule = f"{write(source)}:rule"
    check_hyperparameters(rule, {takes})
    with pytest.raises(SignatureError, match="takes no nothing"):
        check_hyperparameters(rule, {"nothing"})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"lr": "x", "betas": [0, 1], "k": 2.5, "on": True, "mode": "x"}, None),
        ({"betas": [0.9]}, r"betas: .* needs a list of 2 here, such as \[0.9, 0.99\], not \[0.9\]"),
        ({"betas": [0.9, True]}, "needs a list of 2"),
        ({"k": True}, "k: .* needs a number here, such as 1, not true"),
        ({"on": 1}, "on: .* needs true or false here, such as false, not 1"),
    ],
)
def test_values_are_of_the_kind_of_their_defaults(write, settings, said):
    rule = f"{write(BASE)}:base"
    if said is None:
        check_values(rule, settings)
        return
    with pytest.raises(SignatureError, match=said):
        check_values(rule, settings)
