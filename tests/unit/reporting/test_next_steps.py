"""What the report advises, and that its commands are ones that a shell and the programs read."""

import shlex

import pytest
import yaml

from descent.reporting.next_steps import next_steps
from evidence import OURS, PAIR, THEIRS, accuracy, equivalence, parity

CONFIG = {
    "name": "small",
    "dataset": {"name": "digits"},
    "root_seed": 7,
    "seeds": [0, 1, 2, 3, 4],
    "comparisons": PAIR,
}


def steps(comparisons=PAIR, config=CONFIG, **tables):
    tables = {
        "final_accuracy": accuracy(),
        "equivalence": equivalence(),
        "parity": parity(),
    } | tables
    return next_steps(config, comparisons, tables)


def only(**changes):
    [step] = steps(**changes)
    return step["text"], shlex.split(step["command"])


def test_nothing_is_left_to_do_where_all_is_the_same():
    assert steps() == []


def test_a_wrong_rule_is_checked_alone_with_its_settings():
    ours = {**OURS, "optimizer": "my rules.py:step", "betas": [0.9, 1e-8], "mu": 0.9}
    pair = {"pair": {"ours": ours, "theirs": {**THEIRS, "momentum": 0.9}}}
    wrong = parity("different", "different", "different")
    text, command = only(comparisons=pair, parity=wrong)
    assert "ours" in text
    assert command[:5] == ["descent", "check", "my rules.py:step", "--against", "torch.optim.SGD"]
    pairs = list(zip(command[5::2], command[6::2], strict=True))
    assert pairs[0] == ("--set", "lr=0.1")
    assert pairs[-1] == ("--set-reference", "momentum=0.9")
    rules = dict(value.split("=") for option, value in pairs if option == "--set-rule")
    assert {key: yaml.safe_load(value) for key, value in rules.items()} == {
        "betas": [0.9, 1e-8],
        "mu": 0.9,
    }


def test_a_class_of_torch_cannot_be_mended():
    pair = {"pair": {"ours": {**OURS, "optimizer": "torch.optim.Adam"}, "theirs": THEIRS}}
    assert only(comparisons=pair, parity=parity("different"))[1] == []


def test_what_diverged_needs_another_rate():
    assert "lower learning rates for ours." in only(final_accuracy=accuracy(2, "12, 40"))[0]


def test_a_comparison_without_a_reference_gets_one():
    pair = {"pair": {"ours": OURS, "theirs": {**THEIRS, "reference": False}}}
    text, command = only(comparisons=pair)
    assert "reference: true" in text
    assert command == shlex.split("snakemake --cores 2 --configfile results/small/config.yaml")


@pytest.mark.parametrize("verdict", ["inconclusive", "difference (may be within the margin)"])
def test_what_is_open_needs_a_new_experiment_rather_than_more_seeds(verdict):
    _, command = only(equivalence=equivalence(verdict, seeds_needed=85.0))
    assert command[-3:] == ["name=small_large", "root_seed=8", "seeds={from: 0, to: 84}"]
    assert steps(equivalence=equivalence(verdict)) == []  # nobody knows how many


def test_a_single_seed_is_kept():
    _, command = only(config={**CONFIG, "seeds": [3]})
    assert command[-1] == "seeds={from: 3, to: 7}"


def test_what_holds_on_mnist_may_not_hold_elsewhere():
    _, command = only(config={**CONFIG, "dataset": {"name": "mnist"}})
    assert command[-2:] == ["name=small_fashion", "dataset={name: fashion_mnist}"]
