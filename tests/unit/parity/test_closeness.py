"""How close parameters must be to those of a reference, and what explains a difference."""

import pytest
import torch

from descent.parity.closeness import Closeness
from descent.parity.reference import Reference, load
from descent.parity.tolerance import Formula
from descent.parity.verdict import ENVELOPE, NO_ENVELOPE, WIDE_ENVELOPE


def make(rule, *tensors, accumulates=True, **settings):
    reference = Reference(load(rule, settings), [tensors], [settings])
    return Closeness(reference, accumulates), [settings]


def jump(parameters, gradients, state, *, lr):
    """Step by the sign of what is 0 but for rounding."""
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(torch.sign(g * 0.1 - 0.3), alpha=lr)


def test_the_limit_is_that_of_the_formula():
    start = torch.tensor([1.0, -2.0])
    closeness, settings = make("scratch.sgd", start, lr=0.5)
    at = start[None]
    formula = Formula([at[None]])
    for step in range(5):
        gradient = torch.tensor([0.1, 0.2 + step])
        closeness.step([gradient], settings)
        at = at - 0.5 * gradient
        formula.advance([at[None]])
        ours = closeness.reference.values[0].clone()
        closeness.compare([ours])
        assert closeness._sum.item() == pytest.approx(formula.bound.item(), rel=1e-6)


@pytest.mark.parametrize("accumulates", [True, False])
def test_a_rounding_is_close_and_a_step_is_not(accumulates):
    closeness, settings = make("scratch.sgd", torch.ones(3), lr=0.5, accumulates=accumulates)
    closeness.step([torch.ones(3)], settings)
    outcome = closeness.compare([torch.full((3,), 0.5 + 1e-7)])
    assert 0 < outcome.share < 1 and outcome.envelope == NO_ENVELOPE and not outcome.is_identical
    closeness.step([torch.ones(3)], settings)
    outcome = closeness.compare([torch.tensor([0.0, 0.0, 0.1])])
    assert outcome.share > 1000 and outcome.envelope == WIDE_ENVELOPE


def test_the_same_numbers():
    closeness, settings = make("scratch.sgd", torch.ones(3), torch.zeros(2), lr=0.5)
    closeness.step([torch.ones(3), torch.zeros(2)], settings)
    outcome = closeness.compare([torch.full((3,), 0.5), torch.zeros(2)])
    assert outcome.is_identical and outcome.share == 0


@pytest.mark.parametrize("every", [1, 4])
def test_a_jump_is_explained_by_the_reference_itself_and_granted_from_then_on(every):
    """Ours jumps in the first step, the reference does not, and both go on from there."""
    closeness, settings = make(jump, torch.zeros(1), lr=0.5)
    gradients = [torch.tensor([3.0])] + [torch.tensor([9.0])] * 11
    outcomes = []
    ours = torch.zeros(1)
    for step, gradient in enumerate(gradients):
        ours -= 0.5
        closeness.step([gradient], settings, step % every == every - 1)
        if step % every == every - 1:
            outcomes.append(closeness.compare([ours]))
    assert closeness.reference.values[0] != ours
    assert outcomes[0].envelope == ENVELOPE
    assert all(outcome.share <= 1 for outcome in outcomes)
    assert {outcome.envelope for outcome in outcomes[1:]} == {NO_ENVELOPE}


def test_a_difference_that_no_rounding_makes_stays_one():
    closeness, settings = make(jump, torch.zeros(1), lr=0.5)
    closeness.step([torch.tensor([4.0])], settings)
    assert closeness.compare([torch.zeros(1)]).share > 1


def test_scalars_in_float32_are_less_accurate():
    """1 - beta^t with a beta of float32, as in a rule that keeps its counter in a tensor."""
    closeness, settings = make(
        "scratch.adam", torch.zeros(20), lr=0.1, betas=(0.9, 0.99999), accumulates=False
    )
    closeness.step([torch.ones(20)], settings)
    right = closeness.reference.values[0]
    ours = right * ((1 - 0.99999) ** 0.5 / (1 - torch.tensor(0.99999).item()) ** 0.5)
    assert closeness.compare([ours]).envelope == WIDE_ENVELOPE
    closeness.adopt([right])
    closeness.step([torch.ones(20)], settings)
    assert closeness.compare([0.5 * closeness.reference.values[0]]).share > 1


def test_a_difference_may_not_grow_faster_than_by_itself():
    """The formula for all steps would allow it; that for one does not."""
    closeness, settings = make("scratch.sgd", torch.ones(1), lr=1.0)
    for step in range(300):
        closeness.step([torch.tensor([1.0 if step < 2 else 1e-4])], settings)
        outcome = closeness.compare(closeness.reference.values)
    closeness.step([torch.tensor([1e-4])], settings)
    ours = closeness.reference.values[0] + 2e-3
    assert outcome.share == 0 and closeness._sum.item() > 2e-3
    assert closeness.compare([ours]).share > 1


def test_both_without_an_end_is_nothing_to_compare():
    closeness, settings = make("scratch.sgd", torch.ones(1), lr=1.0)
    closeness.step([torch.tensor([torch.inf])], settings)
    assert not closeness.compare([torch.tensor([torch.nan])]).is_finite
    assert closeness.n_taken == 0
    closeness.step([torch.tensor([1.0])], settings)
    assert closeness.compare([torch.tensor([1.0])]).share == torch.inf


class Locked(torch.optim.SGD):
    """Cannot be copied."""

    def __init__(self, params, lr):
        super().__init__(params, lr=lr)
        self.open = (each for each in [])


def test_a_reference_that_cannot_be_copied_has_no_twins():
    closeness, settings = make(Locked, torch.ones(1), lr=1.0)
    closeness.step([torch.tensor([1.0])], settings)
    assert closeness.compare([torch.tensor([0.0])]).share == 0
    closeness.step([torch.tensor([1.0])], settings)
    outcome = closeness.compare([torch.tensor([5.0])])
    assert outcome.share > 1 and outcome.envelope == NO_ENVELOPE
