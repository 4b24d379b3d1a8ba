"""The hyperparameters of an optimizer are read from its source, before anything runs."""

import sys

import pytest

from configurations import PROJECT, configure, variant
from descent.errors import ConfigurationError, SignatureError
from descent.optimizers.signatures import (
    check_hyperparameters,
    check_values,
    list_hyperparameters,
)
from forms_table import RIGHT, WRONG

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
def short(a, b): pass
class Empty: pass
def options(w, g, state, **more): pass
def method(self, w, g, state, *, lr): pass
def no_state(w, g, lr): pass
made = options or short
class NoStep(torch.optim.Optimizer):
    def __init__(self, params, lr): pass
class NoBase:
    def __init__(self, params, lr): pass
    def step(self): pass
class NeitherStepNorBase(Empty):
    def __init__(self, params, lr): pass
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
        ("Empty", {}, "optimizer", "line 3: Empty needs step(self, closure=None)"),
        ("options", {"lr": 1, "anything": 2}, None, None),
        ("made", {"anything": 2}, None, None),
        ("method", {"lr": 1}, "optimizer", "line 5: method must begin with (parameters, gradients, "
         "state), without self: it is no method"),
        ("no_state", {"lr": 1}, None, None),
        ("NoStep", {"lr": 1}, "optimizer", "line 8: NoStep needs step(self, closure=None)"),
        ("NoBase", {"lr": 1}, None, None),
        ("NeitherStepNorBase", {"lr": 1}, "optimizer", "needs step(self, closure=None)"),
    ],
)  # fmt: skip
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
    ("rule", "said"),
    [
        ("a.py:rule", "a.py, line 1: syntax error"),
        ("a{b}.py:rule", "a{b}.py: Snakemake takes braces in a path for wildcards; rename it"),
        ("a.ipynb:rule", "a.ipynb: cannot be read as a notebook (it is no notebook"),
        ("no/such.py:rule", "no/such.py: no such file; name a .py file by its path, relative to"),
        ("descent.optimizers:rule", "descent.optimizers has no rule"),
        (r"C:\a b\a.py:rule", r"C:\a b\a.py: no such file"),
        (r"C:\a b\a.py", r"C:\a b\a.py does not name a rule"),
        ("a.py", "a.py does not name a rule; add its name, as in a.py:momentum"),
        ("a.py:", "a.py does not name a rule; add its name, as in a.py:momentum"),
        (".:rule", ".: is a folder; name a .py file in it"),
        ("torch.optim.lr_scheduler", "torch.optim.lr_scheduler is unknown"),
        ("torch.optim.Optimizer", "torch.optim.Optimizer is unknown"),
        ("torch.optim.LBFGS", "torch.optim.LBFGS cannot be used: its step needs a closure"),
        ("scratch.sdg", "scratch.sdg is unknown; did you mean scratch.sgd?"),
    ],
)
def test_a_name_of_no_optimizer_says_why(write, tmp_path, monkeypatch, rule, said):
    for name in ("a.py", "a{b}.py", "a.ipynb"):
        write("def rule(parameters:\n", name)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as error:
        configure(**variant(optimizer=rule, lr=1))
    assert f"comparisons.mine.x.optimizer: {said}" in str(error.value)


def test_without_torch_the_message_says_so(monkeypatch):
    """With --sdm conda, jobs have an environment of their own, and Snakemake may have no torch."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SignatureError, match="torch, which is not installed here"):
        check_hyperparameters("torch.optim.SGD", {"lr"})
    check_hyperparameters("scratch.sgd", {"lr"})


BASE = "def base(w, g, s, *, lr, betas=(0.9, 0.99), k=1, on=False, mode=None): pass\n"


def test_what_a_partial_gives_is_optional(write):
    source = f"{BASE}from functools import partial\nwith_lr = partial(base, lr=1)\n"
    given, base = (f"{write(source)}:{name}" for name in ("with_lr", "base"))
    for rule in (given, base):
        check_hyperparameters(rule, {"lr", "betas"})
        assert list_hyperparameters(rule) == {"betas"}
        with pytest.raises(SignatureError, match="takes no x here; it takes "):
            check_hyperparameters(rule, {"lr", "x"})
    check_hyperparameters(given, set())
    with pytest.raises(SignatureError, match="lr: missing"):
        check_hyperparameters(base, set())


@pytest.mark.parametrize(
    ("source", "takes"),
    [
        ("import torch.optim as o\nclass rule(o.Adam): pass", "amsgrad"),
        ("from beside import Mine\nclass rule(Mine): pass", "own"),
        ("class Mixin: pass\nimport torch\nclass rule(Mixin, torch.optim.SGD): pass", "nesterov"),
        ("import torch\nrule = torch.optim.SGD", "nesterov"),
    ],
)
def test_a_class_takes_what_its_base_takes(write, source, takes):
    write(
        "from torch.optim import SGD\nclass Mine(SGD):\n    def __init__(self, p, own): pass",
        "beside.py",
    )
    rule = f"{write(source)}:rule"
    check_hyperparameters(rule, {takes})
    with pytest.raises(SignatureError, match="takes no nothing"):
        check_hyperparameters(rule, {"nothing"})


def test_a_transformation_of_optax_may_take_what_is_called_like_a_state(write):
    file = write("import optax\ndef make(learning_rate, initial_accumulator_value, eps): pass")
    check_hyperparameters(f"{file}:make", {"learning_rate", "initial_accumulator_value", "eps"})


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


@pytest.mark.parametrize(("rule", "given"), [(rule, given) for rule, *_, given in [*RIGHT, *WRONG]])
def test_a_rule_of_any_form_is_taken_from_a_file(rule, given):
    file = sys.modules[rule.__module__].__file__
    check_hyperparameters(f"{file}:{rule.__name__}", given.keys())
