"""The command `descent`, as installed, and what it says about wrong usage."""

import tomllib
from importlib import import_module

import pytest

import descent.__main__ as entry
from checking import MOMENTUM
from configurations import PROJECT
from descent.cli import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.py:rule", *MOMENTUM], "descent: nowhere.py: no such file"),
        (["my_rules.py", *MOMENTUM], "descent: my_rules.py does not name a rule"),
        (["scratch.sgd", *MOMENTUM], "momentum: scratch.sgd takes no momentum here; it takes lr; "
         "--set applies to both, --set-rule and --set-reference to one"),
        (["scratch.sgd_momentum", "--against", "torch.optim.SGD", "--set", "lr=1"],
         "momentum: missing; scratch.sgd_momentum needs lr, momentum"),
        (["scratch.sgd", "--against", "torch.optim.SDG", "--set", "lr=1"],
         "torch.optim.SDG is unknown"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr"], "must be KEY=VALUE"),
        (["scratch.sgd", *MOMENTUM, "--set", "lr=1"], "--set lr=1: lr is given twice"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=nan"], "must be finite"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=-1"],
         "torch.optim.SGD: Invalid learning rate: -1"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=fast"],
         "lr: torch.optim.SGD needs a number here"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=1e40"], "without overflow"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=1e38"],
         "torch.optim.SGD: its parameters are no longer finite after 1 iterations; choose"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=[1"], "is not valid YAML"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_clear_line(arguments, said, capsys):
    assert main(["check", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line and line.startswith("descent: ")


def test_the_script_of_the_package_is_the_process_of_this_command():
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts["descent"].partition(":")
    assert getattr(import_module(module), function) is entry.run and entry.main is main
