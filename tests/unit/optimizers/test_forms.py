"""Rules as people write them by hand take the steps of torch.optim, or do not if they are wrong."""

import pytest
import torch

import forms_arrays as arrays
import forms_classes as classes
import forms_dicts as dicts
import forms_lists as lists
import forms_pure as pure
from descent.optimizers.forms import FORMS, recognise
from forms_table import RIGHT, WRONG
from forms_walking import (
    ADAM,
    MOMENTUM,
    RMSPROP,
    SGD,
    drawn,
    reference,
    same,
    torch_walk,
    walk,
)


@pytest.mark.parametrize(("rule", "form", "given"), RIGHT)
def test_a_right_rule_takes_the_steps_of_torch(rule, form, given):
    adapted = recognise(rule, given)
    assert adapted.form == form and adapted.form in FORMS
    expected = torch_walk(*reference(given, rule))
    assert same(walk(adapted.rule, given), expected)
    assert same(walk(adapted.rule, given), expected)  # nothing is left from the first network
    single = walk(adapted.rule, given, torch.float32)
    assert single.dtype == torch.float32 and same(single.double(), expected, 1e-4)


@pytest.mark.parametrize(("rule", "given"), WRONG)
def test_a_wrong_rule_does_not(rule, given):
    adapted = recognise(rule, given)
    assert not same(walk(adapted.rule, given), torch_walk(*reference(given, rule)), 1e-4)


@pytest.mark.parametrize(
    "rule",
    [
        lists.sgd_momentum,
        arrays.torch_momentum,
        classes.SGDMomentum,
        classes.OfArraysAndState,
        classes.SharedByAllObjects,
        pure.momentum,
        pure.sgd_momentum,
        dicts.update_parameters_with_momentum,
        dicts.momentum_in_globals,
        lists.momentum_in_an_attribute,
        lists.momentum_in_a_new_global,
        lists.by_greek_letters,
    ],
)
def test_networks_share_nothing(rule):
    """Two networks take turns; neither is affected by the other, nor by the trial."""
    adapted = recognise(rule, MOMENTUM)
    ends = []
    for seeds in ([0], [1], [0, 1]):
        networks = {}
        for seed in seeds:
            initial, *gradients = drawn(torch.float64, 6 + seed)
            networks[seed] = [tensor.clone() for tensor in initial], {}, gradients[seed:]
        with torch.no_grad():
            for step in range(5):
                for parameters, state, gradients in networks.values():
                    fresh = [tensor.clone() for tensor in gradients[step]]
                    adapted.rule(parameters, fresh, state, **MOMENTUM)
        ends.append([torch.cat([p.flatten() for p in each[0]]) for each in networks.values()])
    (first,), (second,), together = ends
    assert torch.equal(first, together[0]) and torch.equal(second, together[1])
    assert not hasattr(lists, "made_later") and not vars(lists.momentum_in_an_attribute)
    assert (dicts.alpha, dicts.mu, dicts.count, dicts.kept) == (0.01, 0.5, 0, {})
    assert not classes.SharedByAllObjects.cache


def test_a_mutable_default_is_the_networks_own():
    given = {"lr": 0.1}
    adapted = recognise(lists.adagrad, given)
    expected = torch_walk(torch.optim.Adagrad, given)
    assert same(walk(adapted.rule, given), expected) and same(walk(adapted.rule, given), expected)


@pytest.mark.parametrize(
    ("rule", "given", "change"),
    [
        (lists.sgd, SGD, {"lr": 0.01}),
        (lists.sgd_momentum, MOMENTUM, {"lr": 0.01, "momentum": 0.3}),
        (arrays.adam, ADAM, {"lr": 0.01, "betas": (0.6, 0.9)}),
        (classes.TinySGD, SGD, {"lr": 0.01}),
        (classes.Adam, ADAM, {"lr": 0.01, "betas": (0.6, 0.9), "eps": 0.1}),
        (classes.BoxRMSprop, RMSPROP, {"lr": 0.01, "alpha": 0.5}),
        (classes.SharedByAllObjects, MOMENTUM, {"lr": 0.01, "momentum": 0.3}),
        (classes.MomentumAtW, MOMENTUM, {"lr": 0.01, "momentum": 0.3}),
        (pure.adam, ADAM, {"lr": 0.01, "betas": (0.6, 0.9)}),
        (pure.triple, ADAM, {"lr": 0.01, "betas": (0.6, 0.9)}),
        (dicts.update_parameters_with_momentum, MOMENTUM, {"lr": 0.01, "momentum": 0.3}),
        (dicts.momentum_in_globals, MOMENTUM, {"lr": 0.01, "momentum": 0.3}),
    ],
)
def test_hyperparameters_may_change(rule, given, change):
    changes = {10: change}
    optimizer, own = reference(given, rule)
    expected = torch_walk(optimizer, own, changes=changes)
    assert same(walk(recognise(rule, given).rule, given, changes=changes), expected)


def test_an_attribute_that_is_not_found_keeps_its_value():
    """Then the steps differ at once, as they would in a training loop."""
    given, changes = MOMENTUM, {10: {"lr": 0.01}}
    adapted = recognise(classes.OfLayers, given)
    assert walk(adapted.rule, given, changes=changes).isfinite().all()


@pytest.mark.parametrize("shapes", [[(4, 3)], [(4, 3), (4,), (2, 4)], [(2, 3, 2, 2), (), (3,)]])
@pytest.mark.parametrize(
    "rule",
    [
        arrays.momentum_step,
        classes.SGDMomentum,
        classes.Momentum,
        classes.OfLayers,
        pure.momentum,
        dicts.update_parameters_with_momentum,
    ],
)
def test_any_number_of_tensors_of_any_shape(rule, shapes):
    found = walk(recognise(rule, MOMENTUM).rule, MOMENTUM, shapes=shapes)
    assert same(found, torch_walk(torch.optim.SGD, MOMENTUM, shapes=shapes))
