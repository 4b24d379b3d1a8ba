"""What an outside reviewer found: wrong rules that passed, and right ones that did not."""

import pytest
import torch

import descent
from descent.errors import RuleError
from descent.optimizers.scratch.adafactor import adafactor
from descent.optimizers.scratch.adam import adam
from descent.optimizers.scratch.sgd_momentum import sgd_momentum
from descent.parity.check import trials_and_hints
from descent.parity.contender import Contender
from descent.parity.variations import not_exercised
from descent.parity.verdict import CONSTANT, DIFFERENT, EQUAL, IDENTICAL, overall

MOMENTUM = {"lr": 0.01, "momentum": 0.9}


def tried(rule, reference, settings):
    if isinstance(reference, str):
        theirs = Contender.load(f"torch.optim.{reference}", settings)
    else:
        theirs = Contender("reference", settings, reference)
    ours = Contender(rule.__name__, settings, rule)
    return ours, theirs, *trials_and_hints(ours, theirs)


def verdict(rule, reference, settings):
    *_, outcomes, _ = tried(rule, reference, settings)
    return overall([outcome.verdict for outcome in outcomes if outcome.verdict])


def not_checked(rule, reference, settings):
    """Return the verdict and what was not checked."""
    ours, theirs, outcomes, _ = tried(rule, reference, settings)
    verdicts = [outcome.verdict for outcome in outcomes if outcome.verdict]
    return overall(verdicts), "; ".join(not_exercised(ours, theirs, outcomes))


class Momentum(torch.optim.Optimizer):
    """Right; its mistakes are those of its subclasses."""

    def __init__(self, params, lr=0.01, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    def move(self, p, gradient, group, state):
        velocity = state.setdefault("v", torch.zeros_like(p))
        velocity.mul_(group["momentum"]).add_(gradient)
        p.sub_(group["lr"] * velocity)

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.move(p, p.grad, group, self.state[p])


class FirstGroupOnly(Momentum):
    @torch.no_grad()
    def step(self, closure=None):
        group = self.param_groups[0]
        for p in group["params"]:
            if p.grad is not None:
                self.move(p, p.grad, group, self.state[p])


class RateOfTheFirstGroup(Momentum):
    def move(self, p, gradient, group, state):
        super().move(p, gradient, self.param_groups[0], state)


class MomentumOfTheFirstGroup(Momentum):
    def move(self, p, gradient, group, state):
        super().move(p, gradient, group | {"momentum": self.param_groups[0]["momentum"]}, state)


class StateByIndex(Momentum):
    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for i, p in enumerate(group["params"]):
                self.move(p, p.grad, group, self.__dict__.setdefault("own", {}).setdefault(i, {}))


class FixedAtTheFirstStep(Momentum):
    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            active = group.setdefault("active", [p for p in group["params"] if p.grad is not None])
            for p in active:
                if p.grad is not None:
                    self.move(p, p.grad, group, self.state[p])


class NothingWithoutTheFirst(Momentum):
    @torch.no_grad()
    def step(self, closure=None):
        if self.param_groups[0]["params"][0].grad is not None:
            super().step()


class OneVector(Momentum):
    """Right: all parameters are views of one vector, as in large-scale training."""

    def __init__(self, params, lr=0.01, momentum=0.9):
        super().__init__(params, lr, momentum)
        own = self.param_groups[0]["params"]
        self.flat = torch.cat([p.data.reshape(-1) for p in own])
        self.velocity = torch.zeros_like(self.flat)
        parts = self.flat.split([p.numel() for p in own])
        for p, part in zip(own, parts, strict=True):
            p.data = part.view(p.shape)

    @torch.no_grad()
    def step(self, closure=None):
        [group] = self.param_groups
        gradients = [p.grad.reshape(-1) for p in group["params"]]
        self.velocity.mul_(group["momentum"]).add_(torch.cat(gradients))
        self.flat.sub_(group["lr"] * self.velocity)


class Aliased(torch.optim.Optimizer):
    def __init__(self, params, lr=0.01, momentum=0.0):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                direction = p.grad
                if group["momentum"]:
                    if "v" in self.state[p]:
                        self.state[p]["v"].mul_(group["momentum"]).add_(p.grad)
                    direction = self.state[p].setdefault("v", p.grad)
                p.sub_(group["lr"] * direction)


class DecaysWithoutGradient(torch.optim.Optimizer):
    def __init__(self, params, lr=0.01, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(1 - group["lr"] * group["weight_decay"])
                if p.grad is not None:
                    p.sub_(group["lr"] * p.grad)


def no_decay_at_zero(parameters, gradients, state, *, lr, weight_decay=0.0):
    for p, g in zip(parameters, gradients, strict=True):
        if g.any():
            p.sub_(lr * (g + weight_decay * p))


def no_momentum_at_zero(parameters, gradients, state, *, lr, momentum=0.0):
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        if g.any():
            p.sub_(lr * state.setdefault(i, torch.zeros_like(p)).mul_(momentum).add_(g))


def one_value_of_momentum(parameters, gradients, state, *, lr, momentum=0.0):
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=0.9 if momentum else 0)


def limit_of_rprop_ignored(
    parameters, gradients, state, *, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50)
):
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        before, size = state.setdefault(i, [torch.zeros_like(p), torch.full_like(p, lr)])
        sign = (g * before).sign()
        size.mul_(torch.where(sign > 0, etas[1], torch.where(sign < 0, etas[0], 1.0)))
        size.clamp_(step_sizes[0], 50)
        before.copy_(torch.where(sign < 0, 0, g))
        p.sub_(before.sign() * size)


def smallest_rate_so_far(parameters, gradients, state, *, lr, momentum):
    state["lr"] = min(lr, state.get("lr", lr))
    own = state.setdefault("own", {})
    sgd_momentum(parameters, gradients, own, lr=state["lr"], momentum=momentum)


def rate_read_now_and_then(parameters, gradients, state, *, lr, momentum):
    state["t"] = state.get("t", 0) + 1
    if state["t"] % 5 == 1:
        state["lr"] = lr
    own = state.setdefault("own", {})
    sgd_momentum(parameters, gradients, own, lr=state["lr"], momentum=momentum)


def velocity_halved_at_a_change(parameters, gradients, state, *, lr, momentum):
    scale = 0.5 if lr != state.setdefault("lr", lr) else 1.0
    state["lr"] = lr
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        p.sub_(state.setdefault(i, torch.zeros_like(p)).mul_(momentum * scale).add_(lr * g))


def not_in_three_dimensions(parameters, gradients, state, *, lr, momentum):
    kept = [index for index, p in enumerate(parameters) if p.ndim != 3]
    some = ([tensors[i] for i in kept] for tensors in (parameters, gradients))
    sgd_momentum(*some, state, lr=lr, momentum=momentum)


def no_momentum_alone(parameters, gradients, state, *, lr, momentum):
    momentum = momentum if len(parameters) > 1 else 0
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def star(*tensors, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    parameters, gradients, state = tensors
    beta1, beta2 = state.setdefault("betas", betas)
    t = state["t"] = state.get("t", 0) + 1
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        m, v = state.setdefault(i, (torch.zeros_like(p), torch.zeros_like(p)))
        m.lerp_(g, 1 - beta1)
        v.mul_(beta2).add_((1 - beta2) * g * g)
        p.sub_(lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps))


def without_first_eps(parameters, gradients, state, *, lr=0.01, eps=(None, 1e-3), d=1.0):
    adafactor(parameters, gradients, state, lr=lr, eps=(None, eps[1]), d=d, weight_decay=0)


def by_reshape(parameters, gradients, state, *, lr, momentum):
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        v = state.setdefault(i, torch.zeros_like(p)).mul_(momentum).add_(g)
        p.reshape(-1).sub_(lr * v.reshape(-1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "reference", "settings"),
    [
        *((rule, "SGD", MOMENTUM) for rule in (FirstGroupOnly, RateOfTheFirstGroup)),
        *((rule, "SGD", MOMENTUM) for rule in (MomentumOfTheFirstGroup, StateByIndex)),
        (by_reshape, "SGD", MOMENTUM),
        *((rule, "SGD", MOMENTUM) for rule in (FixedAtTheFirstStep, NothingWithoutTheFirst)),
        *((rule, "SGD", {"lr": 0.01}) for rule in (Aliased, DecaysWithoutGradient)),
        *((rule, "SGD", {"lr": 0.01}) for rule in (no_decay_at_zero, no_momentum_at_zero)),
        (one_value_of_momentum, "SGD", {"lr": 0.01}),
        (limit_of_rprop_ignored, "Rprop", {"lr": 0.01}),
        *((rule, "SGD", MOMENTUM) for rule in (smallest_rate_so_far, rate_read_now_and_then)),
        (velocity_halved_at_a_change, "SGD", MOMENTUM),
        *((rule, "SGD", MOMENTUM) for rule in (not_in_three_dimensions, no_momentum_alone)),
        (star, "Adam", {"lr": 0.001}),
    ],
)
def test_a_wrong_rule_is_found(rule, reference, settings):
    assert verdict(rule, reference, settings) in (CONSTANT, DIFFERENT)


def warm_up(parameters, gradients, state, *, lr, warmup=10):
    t = state["t"] = state.get("t", 0) + 1
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr * min(1.0, (t - 1) / warmup) * g)


def warm_up_without_the_first(parameters, gradients, state, *, lr, warmup=10):
    t = state["t"] = state.get("t", 0) + 1
    if t > 1:
        for p, g in zip(parameters, gradients, strict=True):
            p.sub_(lr * min(1.0, (t - 1) / warmup) * g)


def emptied_lists(parameters, gradients, state, *, lr, momentum):
    while parameters:
        p, g = parameters.pop(), gradients.pop()
        v = state.setdefault(len(parameters), torch.zeros_like(p)).mul_(momentum).add_(g)
        p.sub_(lr * v)


class MomentumOfItsOwn(Momentum):
    """Right; but nothing outside can change the momentum."""

    def __init__(self, params, lr=0.01, momentum=0.9):
        torch.optim.Optimizer.__init__(self, params, {"lr": lr})
        self.momentum = momentum

    def move(self, p, gradient, group, state):
        super().move(p, gradient, group | {"momentum": self.momentum}, state)


class WithoutMaximize(Momentum):
    """Right, and refuses what it cannot do."""

    def __init__(self, params, lr=0.01, momentum=0.9, maximize=False):
        if maximize:
            raise ValueError("maximize=True is not supported")
        super().__init__(params, lr, momentum)


def small_rates_only(parameters, gradients, state, *, lr, momentum):
    if not 0 < lr < 1:
        raise ValueError("lr must be between 0 and 1")
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def without_decay(
    parameters, gradients, state, *, lr, betas=(0.9, 0.999), weight_decay=0, amsgrad=False
):
    adam(parameters, gradients, state, lr=lr, betas=betas, amsgrad=amsgrad)


def rescaled_velocity(parameters, gradients, state, *, lr, momentum):
    """Divide by the learning rate before, which may be 0."""
    old = state.setdefault("lr", lr)
    state["lr"] = lr
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        v = state.setdefault(i, torch.zeros_like(p))
        p.sub_(v.mul_(momentum * (lr / old)).add_(g, alpha=lr))


def without_average(
    parameters, gradients, state, *, lr=0.01, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0
):
    """Return ASGD's steps; its average is never taken."""
    t = state["t"] = state.get("t", 0) + 1
    eta = state.setdefault("eta", lr)
    for p, g in zip(parameters, gradients, strict=True):
        g = g + weight_decay * p
        p.mul_(1 - lambd * eta).sub_(eta * g)
    state["eta"] = lr / (1 + lambd * lr * t) ** alpha


def by_ratio(parameters, gradients, state, *, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
    """Make Rprop's steps with g / |g|, which is NaN where g is infinite."""
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        before, size = state.setdefault(i, (torch.zeros_like(p), torch.full_like(p, lr)))
        s = g.sign() * before.sign()
        factor = torch.where(s > 0, etas[1], torch.where(s < 0, etas[0], 1.0))
        size.mul_(factor).clamp_(*step_sizes)
        g = torch.where(s < 0, 0.0, g)
        p.sub_(torch.where(g == 0, 0.0, g / g.abs()) * size)
        before.copy_(g)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "reference", "settings", "said"),
    [
        (MomentumOfItsOwn, "SGD", MOMENTUM, "momentum changed half-way (it is not in the rule's"),
        (WithoutMaximize, "SGD", MOMENTUM, "maximize=True is not supported"),
        (small_rates_only, "SGD", MOMENTUM, "lr=1 (the rule raises lr must be between 0 and 1)"),
        (without_decay, "Adam", {"lr": 1e-3}, "the rule takes weight_decay and ignores it"),
        (rescaled_velocity, "SGD", MOMENTUM, "lr=0 for some iterations (the rule raises float div"),
        (without_first_eps, "Adafactor", {"lr": 0.01}, "the rule takes eps and ignores it"),
        (without_average, "ASGD", {"lr": 0.01}, "t0=10 (it makes no difference to the reference's"),
        (by_ratio, "Rprop", {"lr": 0.01}, "NaN gradients (the rule becomes infinite or NaN, the"),
    ],
)
def test_what_is_not_the_same_rule_elsewhere_is_not_claimed_to_be(rule, reference, settings, said):
    found, text = not_checked(rule, reference, settings)
    assert found in (IDENTICAL, EQUAL)
    assert said in text


def test_a_parameter_keeps_its_dtype():
    def rule(parameters, gradients, state, *, lr):
        for p, g in zip(parameters, gradients, strict=True):
            p.data = p.data.double() - lr * g

    with pytest.raises(RuleError, match="turns a parameter of dtype float32 into float64"):
        verdict(rule, "SGD", {"lr": 0.01})


def clamped_velocity(parameters, gradients, state, *, lr, momentum):
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        v = state.setdefault(i, torch.zeros_like(p))
        p.sub_(lr * v.mul_(momentum).add_(g).clamp_(-7, 7))


def test_hints_say_nothing_that_holds_by_chance():
    *_, hints = tried(clamped_velocity, "SGD", MOMENTUM)
    assert hints and not any("only" in hint or "times" in hint for hint in hints)


def eps_as_limit(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-8):
    t = state["t"] = state.get("t", 0) + 1
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        m, v = state.setdefault(i, (torch.zeros_like(p), torch.zeros_like(p)))
        m.lerp_(g, 1 - betas[0])
        v.mul_(betas[1]).addcmul_(g, g, value=1 - betas[1])
        root = (v / (1 - betas[1] ** t)).sqrt().clamp(min=eps)
        p.sub_(lr * m / (1 - betas[0] ** t) / root)


@pytest.mark.slow
def test_mistakes_that_look_alike_are_told_apart_at_a_larger_eps():
    *_, hints = tried(eps_as_limit, "Adam", {"lr": 1e-3})
    assert "eps is a lower limit" in hints[0] and "eps is missing" not in hints[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "reference", "settings"),
    [
        (Momentum, "SGD", MOMENTUM),
        (OneVector, "SGD", MOMENTUM),
        (emptied_lists, "SGD", MOMENTUM),
        (warm_up_without_the_first, warm_up, {"lr": 0.01}),
    ],
)
def test_a_right_rule_passes(rule, reference, settings):
    assert verdict(rule, reference, settings) in (IDENTICAL, EQUAL)


VELOCITIES = {}


def by_index(parameters, gradients, state, *, lr, momentum):
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        v = VELOCITIES.setdefault(index, torch.zeros_like(p))
        p.sub_(lr * v.mul_(momentum).add_(g))


def by_identity(parameters, gradients, state, *, lr, momentum):
    for p, g in zip(parameters, gradients, strict=True):
        v = VELOCITIES.setdefault(id(p), torch.zeros_like(p))
        p.sub_(lr * v.mul_(momentum).add_(g))


@pytest.mark.parametrize("in_a_file", [True, False])
def test_a_global_dict_of_velocities_is_named_and_left_as_it_was(in_a_file):
    VELOCITIES["mine"] = 1
    asked = f"{__file__}:by_index" if in_a_file else by_index
    report = descent.check(asked, torch.optim.SGD, lr=0.01, momentum=0.9, iterations=20)
    assert report.verdict == "different" and "kept outside `state`" in report.hints[0]
    assert VELOCITIES == {"mine": 1}


@pytest.mark.parametrize("in_a_file", [True, False])
def test_velocities_by_identity_end_in_no_error_and_leave_no_trace(in_a_file):
    """Whether two networks get in each other's way is chance: identities may be used again."""
    VELOCITIES["mine"] = 1
    asked = f"{__file__}:by_identity" if in_a_file else by_identity
    report = descent.check(asked, torch.optim.SGD, lr=0.01, momentum=0.9, iterations=20)
    assert report.verdict != "different" or "kept outside `state`" in report.hints[0]
    assert VELOCITIES == {"mine": 1}


COUNT = 0


def with_a_counter(parameters, gradients, state, *, lr):
    global COUNT
    COUNT += 1
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr * g if COUNT % 2 else 0 * g)


def test_a_global_counter_is_left_as_it_was():
    report = descent.check(with_a_counter, torch.optim.SGD, lr=0.01, iterations=20)
    assert report.verdict == "different" and COUNT == 0
