"""A hyperparameter is fitted to the steps of a wrong rule, and named with its exact value."""

import re
from fractions import Fraction

import pytest
import torch

from descent.parity import fit
from descent.parity.contender import Contender
from descent.parity.fit import as_ratio, fits
from descent.parity.paths import Setup, rounding

ADAM = {"lr": 0.01, "betas": (0.9, 0.99)}
MOMENTUM = {"lr": 0.01, "momentum": 0.9}


def fitted(ours, reference, settings, iterations=30):
    """Fit a contender, or the reference at other settings, to the reference."""
    theirs = Contender.load(f"torch.optim.{reference}", settings)
    ours = theirs.changed(ours) if isinstance(ours, dict) else ours
    setup = Setup.ordinary(theirs, iterations)
    path, right = setup.follow(ours), setup.follow(theirs)
    left = 1e-6 * (path - right).abs().amax(1).cummax(0).values
    return fits(theirs, setup, path, torch.maximum(left, rounding(path)))


RATE = "the learning rate, or every step, is {} the reference's"


CASES = [
    ({"eps": 1e-7}, "Adam", ADAM, "the reference with eps = 1e-07, not 1e-08"),
    ({"eps": 1e-6}, "RMSprop", {"lr": 0.01}, "with eps = 1e-06, not 1e-08"),
    ({"momentum": 0.95}, "SGD", MOMENTUM, "with momentum = 0.95, not 0.9"),
    ({"momentum": 0.8991}, "SGD", MOMENTUM, "with momentum = 0.8991, not 0.9"),
    ({"momentum": 0.9}, "SGD", {"lr": 0.01}, "with momentum = 0.9, not 0"),
    ({"weight_decay": 5e-4}, "SGD", MOMENTUM, "with weight_decay = 0.0005, not 0"),
    ({"betas": (0.9, 0.999)}, "Adam", ADAM, "with betas[1] = 0.999, not 0.99"),
    ({"betas": (0.8, 0.99)}, "Adam", ADAM, "with betas[0] = 0.8, not 0.9"),
    ({"weight_decay": 0.02}, "AdamW", ADAM, "with weight_decay = 0.02, not 0.01"),
    ({"lr": 0.01 / 128}, "SGD", MOMENTUM, RATE.format("1/128 of")),
    ({"lr": 0.01 / 3}, "Adam", ADAM, RATE.format("1/3 of")),
    ({"lr": 0.02}, "Adam", ADAM, RATE.format("2 times")),
    ({"lr": 0.01001}, "SGD", MOMENTUM, RATE.format("1.001 times")),
]

CASES += [
    (
        {"momentum": torch.tensor(0.9).item()},
        "SGD",
        MOMENTUM,
        "not 0.9, which is 0.9 in float32: is it in a tensor, as in torch.tensor(0.9)?",
    ),
    (
        {"lr": torch.tensor(0.01).item()},
        "SGD",
        MOMENTUM,
        "which is 0.01 in float32: is it in a tensor, as in torch.tensor(0.01)?",
    ),
]

#: Those that are not slow.
SOME = [case for case in CASES if case[1] == "SGD"]


@pytest.mark.parametrize(
    ("changed", "reference", "settings", "said"),
    [pytest.param(*case, marks=[] if case in SOME else pytest.mark.slow) for case in CASES],
)
def test_the_reference_at_another_hyperparameter(changed, reference, settings, said):
    if changed.get("lr", 1) < 0:  # which torch refuses
        changed = Contender("rule", {"lr": -0.01}, sgd)
    [found, *others] = fitted(changed, reference, settings)
    assert said in found
    assert all("the gradients are" in other for other in others)  # with an eps of their size


def sgd(parameters, gradients, state, *, lr):
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr * g)


def adagrad(change):
    """Make Adagrad that changes the parameters and gradients first."""

    def rule(parameters, gradients, state, *, lr):
        for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            g = change(p, g)
            s = state.setdefault(index, torch.zeros_like(p)).addcmul_(g, g)
            p.sub_(lr * g / (s.sqrt() + 1e-10))

    return Contender("rule", {"lr": 0.01}, rule)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            lambda p, g: p.mul_(1 - 1e-4) * 0 + g,
            "the weights shrink by the factor 1 - 0.0001 in every iteration",
            marks=pytest.mark.slow,
        ),
        (lambda p, g: g + 3e-4 * p, "with weight_decay = 0.0003, not 0"),
    ],
)
def test_weight_decay_that_nobody_asked_for(change, said):
    [found] = fitted(adagrad(change), "Adagrad", {"lr": 0.01})
    assert said in found


@pytest.mark.parametrize(("ratio", "said"), [(0.9, "0.9 times"), (1 / 2, "1/2 of")])
def test_gradients_of_another_size(ratio, said):
    """Adadelta's eps tells a gradient's size."""

    def rule(parameters, gradients, state, *, lr=1.0, rho=0.9, eps=1e-6):
        for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            g = ratio * g
            s, d = state.setdefault(index, (torch.zeros_like(p), torch.zeros_like(p)))
            s.mul_(rho).addcmul_(g, g, value=1 - rho)
            step = (d + eps).sqrt() / (s + eps).sqrt() * g
            d.mul_(rho).addcmul_(step, step, value=1 - rho)
            p.sub_(lr * step)

    found = fitted(Contender("rule", {}, rule), "Adadelta", {}, iterations=12)
    assert f"the gradients are {said} the reference's" in found


@pytest.mark.parametrize(
    "change",
    [
        lambda p, g: g.sign(),
        pytest.param(lambda p, g: g.clamp(-0.5, 0.5), marks=pytest.mark.slow),
        pytest.param(lambda p, g: g + 0.01 * p.sign(), marks=pytest.mark.slow),
        pytest.param(lambda p, g: g.float().double(), marks=pytest.mark.slow),
        pytest.param(lambda p, g: g * (p.ndim > 1), marks=pytest.mark.slow),
    ],
)
def test_what_is_no_hyperparameter_fits_nothing(change):
    assert fitted(adagrad(change), "Adagrad", {"lr": 0.01}) == []


@pytest.mark.parametrize(
    ("reference", "settings", "changed"),
    [
        ("SGD", MOMENTUM, {"lr": 0.01 * (1 + 1e-9)}),
        ("SGD", MOMENTUM, {"momentum": 0.9 + 1e-9}),
        pytest.param("Adam", ADAM, {"lr": 0.01 * (1 - 1e-8)}, marks=pytest.mark.slow),
        pytest.param("Adam", ADAM, {"betas": (0.9, 0.99 + 1e-9)}, marks=pytest.mark.slow),
    ],
)
def test_a_number_is_written_with_the_digits_that_tell_it_from_the_given_one(
    reference, settings, changed
):
    for found in fitted(changed, reference, settings):
        assert " 1 times" not in found
        if ", not " in found:
            ours, given = re.search(r"= (\S+), not ([^\s,;]+)", found).groups()
            assert ours != given


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1 / 128, "1/128 of"),
        (1 / 32, "1/32 of"),
        (0.5, "1/2 of"),
        (-0.5, "-1/2 of"),
        (1 / 3, "1/3 of"),
        (2.5, "2.5 times"),
        (-1, "-1 times"),
        (0.3, "0.3 times"),
        (1.001, "1.001 times"),
        (1e12, "1e+12 times"),
        (1e-9, "1e-09 times"),
        (float("inf"), "inf times"),
    ],
)
def test_ratios_in_words(ratio, words):
    assert as_ratio(ratio) == words


@pytest.mark.parametrize("ratio", [1 + 1e-7, 1 - 1e-8, 1 + 1e-12])
def test_no_ratio_is_1_times(ratio):
    assert as_ratio(ratio) not in ("1 times", "1/1 of")


def test_a_fraction_is_not_claimed_for_a_number_that_is_only_close():
    assert "of" not in as_ratio(1 / 128 * 1.001)
    assert "of" not in as_ratio(float(Fraction(3, 128)))


def test_a_fit_that_only_holds_at_first_is_none(monkeypatch):
    """The whole path is checked, not only the iterations that were fitted to."""

    def late(parameters, gradients, state, *, lr):
        t = state["t"] = state.get("t", 0) + 1
        sgd(parameters, gradients, state, lr=2 * lr if t < 20 else lr)

    ours = Contender("rule", {"lr": 0.01}, late)
    assert fitted(ours, "SGD", {"lr": 0.01}) == []
    monkeypatch.setattr(Setup, "stays", lambda *_: True)
    assert fitted(ours, "SGD", {"lr": 0.01}) == [RATE.format("2 times")]


def test_what_the_reference_refuses_is_not_fitted():
    def refuse(value):
        raise ValueError(value)

    assert fit._fit(refuse, torch.zeros(2), 1.0) is None
    assert fit._fit(lambda value: torch.zeros(2), torch.ones(2), 1.0) is None
