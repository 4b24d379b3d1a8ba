"""The catalog of wrong update rules: each is wrong, and none is listed twice."""

import functools
import importlib
import itertools

import pytest
import torch

from descent.parity.catalog import MUTANTS, Mutant, make, of
from descent.parity.catalog.common import SETTINGS

RULES = list(SETTINGS)

#: Matrices that are tall, square and wide; two of the biases have the same shape.
SHAPES = [(5, 3), (5,), (5, 5), (5,), (3, 5), (3,)]

ITERATIONS = 60

#: One rule now, and the others where time does not matter.
SOME_RULES = [
    pytest.param(rule, marks=[] if rule == "sgd_momentum" else pytest.mark.slow) for rule in RULES
]

#: Rounding explains less than this difference, relative to the largest step.
ROUNDING = 1e-9

#: A hyperparameter of each rule, besides the learning rate, with the value that it changes to.
CHANGE = {
    "sgd": {},
    **{
        rule: {"momentum": 0.7}
        for rule in ("sgd_momentum", "dampened_momentum", "nesterov", "muon")
    },
    **{rule: {"betas": (0.7, 0.9)} for rule in ("adam", "adamw", "adamax", "nadam", "radam")},
    **{"adagrad": {"lr_decay": 0.1}, "adadelta": {"rho": 0.5}, "rmsprop": {"alpha": 0.8}},
    **{"adafactor": {"d": 0.5}, "rprop": {"etas": (0.6, 1.5)}, "asgd": {"lambd": 0.1}},
}


def steps(rule, name, settings, *, iterations=ITERATIONS, changing=False, special=""):
    """Return the parameters of two networks after each iteration, flattened."""
    random = torch.Generator().manual_seed(0)

    def draw(shape):
        return torch.randn(shape, generator=random, dtype=torch.float64)

    networks = [[draw(shape) for shape in SHAPES] for _ in range(2)]
    if special == "large":
        networks = [[5 * tensor for tensor in network] for network in networks]
    states, settings, taken = [{}, {}], dict(settings), []
    for iteration in range(1, iterations + 1):
        if changing and iteration == 20:
            settings["lr"] = settings.get("lr", 0.01) / 2
        if changing and iteration == 40:
            settings |= CHANGE[name]
        scale = (1, 0.01, 20)[iteration // 20 % 3] * (1e-9 if special == "tiny" else 1)
        for network, state in zip(networks, states, strict=True):
            gradients = [scale * draw(shape) for shape in SHAPES]
            if special == "not finite" and iteration == 10:
                gradients[0][0, 0] = torch.nan
            rule(network, gradients, state, **settings)
        taken.append(torch.cat([tensor.flatten() for network in networks for tensor in network]))
    return torch.stack(taken)


def steps_of(mutant, settings=None, **how):
    settings = mutant.settings if settings is None else settings
    return steps(make(mutant), mutant.rule, settings, **how)


@functools.cache
def steps_of_the_right_rule(rule, settings, **how):
    right = getattr(importlib.import_module(f"descent.optimizers.scratch.{rule}"), rule)
    return steps(right, rule, settings, **how)


def distance(ones, others):
    """Return the largest difference relative to the largest step, infinite if one is NaN only."""
    if not torch.equal(ones.isnan(), others.isnan()):
        return torch.inf
    largest = others.nan_to_num().diff(dim=0).abs().max()
    return ((ones - others).nan_to_num(0).abs().max() / largest).item()


def test_there_are_many_mutants_of_every_rule():
    assert len(MUTANTS) >= 200
    assert {mutant.rule for mutant in MUTANTS} == set(RULES)
    assert sum(len(of(rule)) for rule in RULES) == len(MUTANTS)


def test_names_and_words_are_unique_within_a_rule():
    for rule in RULES:
        for words in ("name", "says"):
            assert len({getattr(mutant, words) for mutant in of(rule)}) == len(of(rule))


def test_words_are_clauses():
    for mutant in MUTANTS:
        assert mutant.name.isidentifier()
        assert mutant.says[0].islower()
        assert not mutant.says.endswith(".")


def test_old_text_has_to_occur_exactly_once():
    for old in ("nowhere", "gradient"):
        with pytest.raises(ValueError, match="times"):
            make(Mutant("sgd", "name", "words", ((old, "new"),)))


def test_what_is_remembered_outside_the_state_is_new_in_each_function():
    [shared] = [mutant for mutant in of("adam") if mutant.name == "state_of_networks"]
    assert torch.equal(steps_of(shared), steps_of(shared))


@pytest.mark.parametrize("rule", SOME_RULES)
def test_mutants_take_other_steps_than_their_rule(rule):
    for mutant in of(rule):
        how = {"changing": mutant.changing, "special": mutant.special}
        how["iterations"] = mutant.late + 10 if mutant.late else ITERATIONS
        taken = steps_of_the_right_rule(rule, tuple(mutant.settings.items()), **how)
        wrong = steps_of(mutant, **how)
        assert distance(wrong, taken) > ROUNDING, mutant.name
        if mutant.late:
            assert torch.equal(wrong[: mutant.late - 1], taken[: mutant.late - 1])


@pytest.mark.parametrize("rule", SOME_RULES)
def test_no_two_mutants_take_the_same_steps(rule):
    mutants = [mutant for mutant in of(rule) if not mutant.special and mutant.late < ITERATIONS]
    taken = [(mutant, steps_of(mutant, changing=True)) for mutant in mutants]
    for (one, its), (other, others) in itertools.combinations(taken, 2):
        if one.settings == other.settings:
            assert distance(its, others) > ROUNDING, (one.name, other.name)
