"""References: a class or function that steps on its own copies of parameters."""

import pytest
import torch

from descent.errors import DescentError, RuleError, UnusableReferenceError, UsageError
from descent.parity.arithmetic import Disturbed, Noise
from descent.parity.reference import Reference, load, takes


def momentum(parameters, gradients, state, *, lr, momentum=0.9):
    velocities = state.setdefault("v", [torch.zeros_like(p) for p in parameters])
    for p, g, v in zip(parameters, gradients, velocities, strict=True):
        v.mul_(momentum).add_(g)
        p.sub_(v, alpha=lr)


SETTINGS = {"lr": 0.1, "momentum": 0.9}
KINDS = [torch.optim.SGD, "torch.optim.SGD", "scratch.sgd_momentum", momentum]


def make(against, *groups, settings=SETTINGS):
    contender = load(against, settings)
    return Reference(contender, groups, [contender.settings] * len(groups))


def walk(reference, steps, settings=SETTINGS, arithmetic=None):
    for step in range(steps):
        gradients = [torch.full_like(value, step + 1.0) for value in reference.values]
        reference.step(gradients, [settings] * len(reference.groups), arithmetic)
    return reference.values


@pytest.mark.parametrize("against", KINDS)
def test_it_steps_on_copies(against):
    mine = [torch.ones(2), torch.tensor(1.0), torch.ones(1, 2, 1, 1)]
    values = walk(make(against, mine[:1], mine[1:]), 2)
    assert all(torch.equal(tensor, torch.ones_like(tensor)) for tensor in mine)
    assert [value.flatten()[0].item() for value in values] == pytest.approx([1 - 0.1 - 0.29] * 3)


@pytest.mark.parametrize("against", KINDS)
def test_a_copy_goes_on_alone(against):
    reference = make(against, [torch.ones(2)])
    walk(reference, 2)
    twin = reference.copy()
    before = [value.clone() for value in reference.values]
    [moved] = walk(twin, 1)
    assert torch.equal(reference.values[0], before[0]) and not torch.equal(moved, before[0])
    assert torch.equal(walk(reference, 1)[0], moved)


class WithCounter(torch.optim.Optimizer):
    """Keeps a number and a method beside its state."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})
        self.count, self.size = 0, self.scale

    def scale(self):
        return self.count

    @torch.no_grad()
    def step(self, closure=None):
        self.count += 1
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(p.grad, alpha=group["lr"] * self.size() * getattr(p, "factor", 1))


def test_a_copy_has_the_attributes_of_a_subclass():
    tensor = torch.ones(2)
    tensor.factor = 3  # an attribute of the parameter
    reference = make(WithCounter, [tensor], settings={"lr": 0.1})
    walk(reference, 1, {"lr": 0.1})
    twin = reference.copy()
    assert walk(twin, 1, {"lr": 0.1})[0][0].item() == pytest.approx(0.7 - 0.1 * 2 * 3)
    assert walk(reference, 1, {"lr": 0.1})[0][0].item() == pytest.approx(0.7 - 0.1 * 2 * 3)


@pytest.mark.parametrize("against", KINDS)
def test_disturbed_steps_differ_by_roundings(against):
    [plain] = walk(make(against, [torch.ones(100)]), 3)
    [disturbed] = walk(make(against, [torch.ones(100)]), 3, arithmetic=Disturbed(Noise(1)))
    assert 0 < (plain - disturbed).abs().max() < 1e-5


def test_it_resumes_without_sharing_memory():
    tensor = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.Adam([tensor], lr=0.1, foreach=True)
    tensor.grad = torch.ones(2)
    optimizer.step()
    reference = make("torch.optim.Adam", [tensor], settings={"lr": 0.1})
    reference.resume(optimizer)
    before = optimizer.state[tensor]["exp_avg"].clone()
    walk(reference, 1, {"lr": 0.1})
    assert torch.equal(optimizer.state[tensor]["exp_avg"], before)


def test_it_moves_and_adopts():
    reference = make("scratch.adam", [torch.ones(2), torch.ones(3)], settings={"lr": 0.1})
    walk(reference, 1, {"lr": 0.1})
    reference.move_to_cpu()
    reference.adopt([None, torch.full((3,), 7.0)])
    assert reference.values[1].tolist() == [7, 7, 7] and reference.values[0][0] != 7


def test_a_function_gets_only_what_has_a_gradient():
    reference = make(momentum, [torch.ones(2), torch.ones(3)], [torch.ones(1)])
    reference.step([None, torch.ones(3), None], [SETTINGS, SETTINGS])
    assert [value[0].item() for value in reference.values] == pytest.approx([1, 0.9, 1])
    with pytest.raises(UsageError, match="other parameters have a gradient now than at first"):
        reference.step([torch.ones(2), torch.ones(3), None], [SETTINGS, SETTINGS])


def test_what_a_class_takes():
    class Handed(torch.optim.SGD):
        def __init__(self, params, mine=1, **others):
            super().__init__(params, **others)

    assert {"mine", "momentum", "lr"} <= takes(Handed)
    assert takes(momentum) == {"parameters", "gradients", "state", "lr", "momentum"}
    assert load(torch.optim.Adam, {"lr": 1}).settings["foreach"] is False
    assert load(torch.optim.Adam, {"lr": 1, "foreach": True}).settings["foreach"] is True


def test_failures_are_one_line():
    with pytest.raises(RuleError, match="ReLU has no method step or update"):
        load(torch.nn.ReLU, {})
    with pytest.raises(UnusableReferenceError, match=r"against: torch.optim.SGD: ValueError: Inv"):
        make(torch.optim.SGD, [torch.ones(2)], settings={"lr": -1.0})

    def broken(parameters, gradients, state, *, lr):
        raise ZeroDivisionError("no")

    with pytest.raises(RuleError, match=r"broken, line .*: ZeroDivisionError: no"):
        walk(make(broken, [torch.ones(2)], settings={"lr": 1.0}), 1, {"lr": 1.0})
    with pytest.raises(DescentError, match="is unknown"):
        load("torch.optim.SDG", {})
