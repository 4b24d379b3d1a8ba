"""Which other hyperparameters a rule is compared at, and what is said about the rest."""

import pytest

from comparing import sides
from descent.parity.contender import Contender
from descent.parity.trials import Outcome
from descent.parity.variations import can_be_halved, not_exercised, variations


def rule(parameters, gradients, state, *, lr=0.01, momentum=0.9, nesterov=False, name="mean"):
    """Take hyperparameters of each kind."""


def of(rule, theirs=None, **settings):
    """Return a contender and its reference; the latter may be another rule."""
    return Contender("rule", settings, rule), Contender("reference", settings, theirs or rule)


def named(*pair):
    return dict(variations(*pair))


def test_one_hyperparameter_is_varied_at_a_time():
    found = named(*of(rule))
    assert set(found) == {
        *("lr=0.1", "lr=0.001", "lr=1", "momentum=0.45", "momentum=0.99", "nesterov=True")
    }
    for ours, theirs in found.values():
        assert ours == theirs and len(ours) == 1


def test_settings_that_are_given_are_varied_too():
    assert {"lr=5", "lr=0.05", "momentum=0.85"} <= set(named(*of(rule, lr=0.5, momentum=0)))


def test_rates_are_varied_by_a_factor_if_they_differ():
    ours, theirs = Contender("a", {"lr": 0.1}, rule), Contender("b", {"lr": 0.3}, rule)
    found = [settings for what, settings in variations(ours, theirs) if what.startswith("lr")]
    assert [(one["lr"] / 0.1, other["lr"] / 0.3) for one, other in found] == [
        (pytest.approx(10), pytest.approx(10)),
        (pytest.approx(0.1), pytest.approx(0.1)),
    ]


def test_only_what_both_take_with_the_same_value_is_varied():
    def other(parameters, gradients, state, *, lr=0.01, momentum=0.8, damping=0):
        pass

    assert {what.split("=")[0] for what in named(*of(rule, other))} == {"lr"}


def pairs(parameters, gradients, state, *, betas=(0.9, 0.99), eps=(None, 1e-3)):
    """Take tuples."""


def test_each_item_of_a_tuple_is_varied():
    found = named(*of(pairs))
    assert set(found) == {
        *("betas=[0.45, 0.99]", "betas=[0.99, 0.99]", "betas=[0.9, 0.495]", "betas=[0.9, 0.999]"),
        *("eps=[1, 0.001]", "eps=[None, 0.01]"),
    }
    assert found["betas=[0.45, 0.99]"][0] == {"betas": (0.45, 0.99)}


def test_lists_and_tuples_are_the_same():
    ours = Contender("rule", {"betas": [0.9, 0.99]}, pairs)
    theirs = Contender("reference", {"betas": (0.9, 0.99)}, pairs)
    assert "betas=[0.45, 0.99]" in named(ours, theirs)


@pytest.mark.parametrize(
    ("option", "company"),
    [
        ("nesterov=True", {"momentum": 0.85}),
        ("dampening=0.1", {"momentum": 0.85}),
        ("maximize=True", {"weight_decay": 0.1}),
    ],
)
def test_an_option_without_effect_of_its_own_gets_company(option, company):
    pair = sides("torch.optim.SGD", lr=0.01)
    [(what, (ours, _))] = [
        (what, settings) for what, settings in variations(*pair) if what.startswith(option)
    ]
    name, value = next(iter(company.items()))
    assert ours.items() >= company.items() and f"{name}={value}" in what


def test_it_gets_none_where_it_has_an_effect_already():
    pair = sides("torch.optim.SGD", lr=0.01, momentum=0.5, weight_decay=0.01)
    assert "nesterov=True" in named(*pair)


def test_options_of_an_implementation_are_left_alone():
    pair = sides("torch.optim.Adam", "torch.optim.Adam", lr=0.01)
    varied = {name for settings in named(*pair).values() for name in settings[0]}
    assert varied == {"lr", "betas", "eps", "weight_decay", "amsgrad", "maximize"} | (
        {"decoupled_weight_decay"} & varied
    )
    assert not {"foreach", "fused", "capturable", "differentiable"} & varied


@pytest.mark.parametrize(
    ("name", "value", "can"),
    [
        ("lr", 0.1, True),
        ("lr", 0, False),
        ("momentum", 0, False),
        ("nesterov", True, False),
        ("name", "mean", False),
        ("unknown", 1, False),
    ],
)
def test_what_can_be_halved(name, value, can):
    settings = {} if name == "unknown" else {name: value}
    assert can_be_halved(name, *of(rule, **settings)) == can


def test_pairs_can_be_halved_unless_they_are_0_or_no_numbers():
    assert can_be_halved("betas", *of(pairs))
    assert can_be_halved("betas", *of(pairs, betas=(0, 0.9)))
    assert not can_be_halved("betas", *of(pairs, betas=(0, 0)))
    assert not can_be_halved("eps", *of(pairs))


def test_what_was_not_exercised_is_listed_with_the_reason():
    def ours(parameters, gradients, state, *, lr=0.01, momentum=0.8):
        pass

    outcomes = [Outcome("a scalar parameter", None, remark="the rule raises x"), Outcome("b", "c")]
    found = not_exercised(*of(ours, rule), outcomes)
    assert set(found) == {
        "a scalar parameter (the rule raises x)",
        "nesterov, name (the rule does not take this)",
        "other values of momentum (it is 0.8 here and 0.9 in the reference)",
    }


def test_values_that_cannot_be_varied_are_listed():
    assert not_exercised(*of(rule), []) == ["other values of name"]


def test_options_of_an_implementation_are_not_missed():
    text = " ".join(not_exercised(*sides("scratch.sgd", lr=0.01), []))
    assert "nesterov" in text and "foreach" not in text and "fused" not in text


def test_the_order_is_the_same_in_every_process():
    """It is that of the reference's signature, not of a set."""

    def ours(parameters, gradients, state, *, lr=0.1, momentum=0.1, name="x", nesterov=None):
        pass

    found = not_exercised(*of(ours, rule), [])
    assert [text.split()[3] for text in found] == ["lr", "momentum", "nesterov", "name"]
