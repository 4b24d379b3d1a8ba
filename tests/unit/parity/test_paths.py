"""Paths of optimizers through generated gradients."""

import pytest
import torch

from comparing import sides
from descent.parity.contender import Contender
from descent.parity.gradients import MATRICES, NETWORK
from descent.parity.paths import Setup, rounding


def contender(name="torch.optim.SGD", **settings):
    return Contender.load(name, {"lr": 0.01} | settings)


def ordinary(iterations=5):
    return Setup(NETWORK, "ordinary", [{}] * iterations)


def test_a_path_has_the_parameters_after_every_iteration():
    setup = ordinary()
    path = setup.follow(contender())
    steps = torch.cat([setup.start()[None], path]).diff(dim=0)
    assert path.dtype == torch.float64
    assert torch.allclose(steps, -0.01 * setup.gradients())


def test_changes_take_effect():
    setup = Setup(NETWORK, "ordinary", [{"lr": 1.0}, {"lr": 0.5}])
    steps = torch.cat([setup.start()[None], setup.follow(contender())]).diff(dim=0)
    factors = torch.tensor([[-0.01], [-0.005]], dtype=torch.float64)
    assert torch.allclose(steps, factors * setup.gradients())


def test_parts_are_those_of_the_parameters():
    setup = ordinary()
    parts = setup.parts(setup.gradients())
    assert {name: part.shape[1:] for name, part in parts.items()} == {
        name: (torch.Size(shape).numel(),) for name, shape in NETWORK.items()
    }
    assert torch.equal(torch.cat(list(parts.values()), 1), setup.gradients())


@pytest.mark.new_torch
def test_the_shapes_are_those_that_the_reference_takes():
    assert Setup.ordinary(contender(), 3).shapes is NETWORK
    muon = Setup.ordinary(contender("torch.optim.Muon"), 3)
    assert muon.shapes is MATRICES and muon.changes == [{}] * 3


def test_in_float32():
    path = ordinary().in_float32().follow(contender())
    assert path.dtype == torch.float32
    right = ordinary().follow(contender())
    assert 0 < (path - right).abs().max() < 1e-5


def test_whether_an_optimizer_stays_on_a_path():
    setup = ordinary(20)
    path = setup.follow(contender())
    limit = rounding(path)
    assert setup.stays(contender("scratch.sgd"), path, limit)
    assert not setup.stays(contender(lr=0.010001), path, limit)
    assert setup.stays(contender(lr=0.010001), path, limit + 1)


def test_one_that_raises_or_is_not_finite_does_not_stay():
    def rule(parameters, gradients, state, *, lr, value):
        parameters[0].fill_(value) if value else parameters[99]

    setup = ordinary()
    path = setup.follow(contender())
    for value in (None, torch.nan, torch.inf):
        [ours, _] = sides(rule, "scratch.sgd", lr=0.01), None
        ours = Contender("rule", {"lr": 0.01, "value": value}, rule)
        assert not setup.stays(ours, path, rounding(path))


def test_rounding_is_more_than_right_rules_are_apart_and_less_than_a_mistake():
    setup = ordinary(60)
    right = setup.follow(contender(momentum=0.9))
    other = setup.follow(contender("scratch.sgd_momentum", momentum=0.9))
    wrong = setup.follow(contender(momentum=0.9 + 1e-10))
    limit = rounding(right)
    assert limit.shape == (60,) and (limit.diff() > 0).all()
    assert ((other - right).abs().amax(1) < limit).all()
    assert ((wrong - right).abs().amax(1) > limit).any()
