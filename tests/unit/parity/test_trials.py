"""Trials: a mistake that ordinary training does not show is found in the trial that is about it."""

import functools

import pytest
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from comparing import sides
from descent.errors import RuleError
from descent.optimizers.scratch.adafactor import adafactor
from descent.parity import gradients, paths, trials
from descent.parity.contender import Contender
from descent.parity.remarks import of_gradients as changed_gradients
from descent.parity.verdict import CONSTANT, DIFFERENT, EQUAL, IDENTICAL, VERDICTS

MOMENTUM = {"lr": 0.01, "momentum": 0.9}


def until_different(ours, theirs, only=None):
    """Run the trials up to the first that is different; `only` some of them take time."""
    with pytest.MonkeyPatch.context() as patch:
        if only is not None:
            run = trials.run
            patch.setattr(
                trials,
                "run",
                lambda what, *arguments, **options: (
                    run(what, *arguments, **options)
                    if what in only
                    else trials.Outcome(what, IDENTICAL)
                ),
            )
        outcomes = []
        for outcome in trials.try_everything(ours, theirs):
            outcomes.append(outcome)
            if outcome.verdict == DIFFERENT:
                break
    return outcomes


#: Now only the trial that a test is about, and all where time does not matter.
some_or_all = pytest.mark.parametrize(
    "everything", [False, pytest.param(True, marks=pytest.mark.slow)]
)


def worst(outcomes):
    """Return the first of the worst trials: its name and verdict."""
    compared = [outcome for outcome in outcomes if outcome.verdict]
    found = max(compared, key=lambda outcome: VERDICTS.index(outcome.verdict))
    return found.trial, found.verdict


def remarks(outcomes):
    return {outcome.trial: outcome.remark for outcome in outcomes if outcome.remark}


def momentum(parameters, gradients, state, *, lr, momentum):
    """Take a step of momentum; the mistakes below change something about it."""
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        v = state.setdefault(index, torch.zeros_like(p))
        v.mul_(momentum).add_(g)
        p.sub_(lr * v)


def of_gradients(change):
    """Make momentum that changes the gradients first."""

    def rule(parameters, gradients, state, *, lr, momentum=0.9):
        own([*parameters], change(gradients), state, lr=lr, momentum=momentum)

    return rule


own = momentum


def clipped(norm):
    def change(gradients):
        size = torch.stack([g.norm() for g in gradients]).norm()
        return [g * (norm / size).clamp(max=1) for g in gradients]

    return change


def each(change):
    return lambda gradients: [change(g) for g in gradients]


def clamped_weights(parameters, gradients, state, *, lr, momentum):
    own(parameters, gradients, state, lr=lr, momentum=momentum)
    for p in parameters:
        p.clamp_(-8, 8)


def lazy(parameters, gradients, state, *, lr, momentum):
    """Leave out elements whose gradient is 0, as sparse optimizers do."""
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        v = state.setdefault(index, torch.zeros_like(p))
        v.copy_(torch.where(g != 0, momentum * v + g, v))
        p.sub_(lr * v * (g != 0))


def first_eight(parameters, gradients, state, *, lr, momentum):
    own(parameters[:8], gradients[:8], state, lr=lr, momentum=momentum)


def frozen(when):
    """Make momentum that leaves out some parameters."""

    def rule(parameters, gradients, state, *, lr, momentum):
        kept = [pair for pair in zip(parameters, gradients, strict=True) if not when(pair[0])]
        own([p for p, _ in kept], [g for _, g in kept], state, lr=lr, momentum=momentum)

    return rule


def ends(parameters, gradients, state, *, lr, momentum):
    """Stop after 50 iterations."""
    state["t"] = state.get("t", 0) + 1
    if state["t"] <= 50:
        own(parameters, gradients, state, lr=lr, momentum=momentum)


MISTAKES = {
    "clipped at value 1": (of_gradients(each(lambda g: g.clamp(-1, 1))), "ordinary gradients"),
    "clipped at value 10": (of_gradients(each(lambda g: g.clamp(-10, 10))), "large gradients"),
    "clipped at norm 20": (of_gradients(clipped(20)), "large gradients"),
    "clamped weights": (clamped_weights, "large gradients"),
    "tiny flushed": (of_gradients(each(lambda g: g * (g.abs() > 1e-12))), "tiny gradients"),
    "lazy": (lazy, "sparse gradients"),
    "heavy tails cut": (
        of_gradients(each(lambda g: torch.where((g.abs() > 6) & (g.abs() < 1e3), 6 * g.sign(), g))),
        "heavy-tailed gradients",
    ),
    "NaN to 0": (of_gradients(each(lambda g: g.nan_to_num(0, torch.inf))), "NaN gradients"),
    "infinity clipped": (of_gradients(each(lambda g: g.clamp(max=1e12))), "infinite gradients"),
    "first eight": (first_eight, "40 parameters"),
    "scalars left out": (frozen(lambda p: p.ndim == 0), "a scalar parameter"),
    "4-D left out": (frozen(lambda p: p.ndim == 4), "a 4-D parameter"),
    "ends": (ends, "ordinary gradients"),
    "state by shape": (
        lambda parameters, gradients, state, *, lr, momentum: [
            own([p], [g], state.setdefault(p.shape, {}), lr=lr, momentum=momentum)
            for p, g in zip(parameters, gradients, strict=True)
        ],
        "ordinary gradients",
    ),
}


@some_or_all
@pytest.mark.parametrize(("rule", "trial"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_found_in_its_trial_and_in_none_before(rule, trial, everything):
    outcomes = until_different(*sides(rule, **MOMENTUM), None if everything else {trial})
    names, verdicts = [o.trial for o in outcomes], [o.verdict for o in outcomes]
    assert (names[-1], verdicts[-1]) == (trial, DIFFERENT)
    assert set(verdicts[:-1]) <= {IDENTICAL, EQUAL, None}


@pytest.mark.slow
def test_the_rule_without_a_mistake_passes():
    outcomes = until_different(*sides(momentum, **MOMENTUM))
    assert {outcome.verdict for outcome in outcomes} <= {IDENTICAL, EQUAL}
    assert len(outcomes) >= 20


#: The kinds of gradients, with a mistake that only this kind shows.
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("clipped at value 10", "large"),
        ("clamped weights", "large"),
        ("tiny flushed", "tiny"),
        ("heavy tails cut", "heavy-tailed"),
        ("lazy", "sparse"),
    ],
)
def test_with_ordinary_gradients_in_its_place_a_trial_misses_the_mistake(name, kind, monkeypatch):
    monkeypatch.setitem(gradients._KINDS, kind, gradients._KINDS["ordinary"])
    monkeypatch.setattr(gradients, "_normal", functools.partial(_small, gradients._normal))
    trial = MISTAKES[name][1]
    outcomes = until_different(*sides(MISTAKES[name][0], **MOMENTUM), {trial})
    assert trial in [outcome.trial for outcome in outcomes]
    last = outcomes[-1]
    assert last.verdict != DIFFERENT or last.arguments.kind != kind


def _small(normal, shape, random):
    """Draw numbers below 0.8, so that weights are below 8 where they are ten times as large."""
    return normal(shape, random).clamp(-0.7, 0.7)


# Hyperparameters that change


def first_rate_kept(parameters, gradients, state, *, lr, momentum):
    own(parameters, gradients, state, lr=state.setdefault("lr", lr), momentum=momentum)


def first_momentum_kept(parameters, gradients, state, *, lr, momentum):
    own(parameters, gradients, state, lr=lr, momentum=state.setdefault("mu", momentum))


def rate_in_velocity(parameters, gradients, state, *, lr, momentum):
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        v = state.setdefault(index, torch.zeros_like(p))
        p.sub_(v.mul_(momentum).add_(g, alpha=lr))


@some_or_all
@pytest.mark.parametrize(
    ("rule", "trial"),
    [
        (first_rate_kept, "lr changed half-way"),
        (rate_in_velocity, "lr changed half-way"),
        (first_momentum_kept, "momentum changed half-way"),
    ],
)
def test_a_rule_may_be_the_same_only_while_hyperparameters_stay(rule, trial, everything):
    outcomes = until_different(*sides(rule, **MOMENTUM), None if everything else {trial})
    assert worst(outcomes) == (trial, CONSTANT)
    [found] = [o for o in outcomes if o.verdict == CONSTANT][:1]
    assert found.place["iteration"] == trials.ITERATIONS // 2 + 1
    assert not any(o.verdict == DIFFERENT for o in outcomes)


def test_a_rule_that_is_wrong_before_the_change_is_different():
    def wrong(parameters, gradients, state, *, lr, momentum):
        own(parameters, gradients, state, lr=1.001 * lr, momentum=momentum)

    pair = sides(wrong, **MOMENTUM)
    shapes, half = gradients.NETWORK, trials._half_way("lr")
    outcome = trials.run("halved", *pair, shapes, "ordinary", half)
    assert trials._at_constant(outcome).verdict == DIFFERENT


HALVED = {f"{name} changed half-way" for name in ("lr", "betas")}


def adam(parameters, gradients, state, *, lr, betas):
    """Keep the betas of the first iteration."""
    betas = state.setdefault("betas", betas)
    t = state["t"] = state.get("t", 0) + 1
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        m, s = state.setdefault(index, (torch.zeros_like(p), torch.zeros_like(p)))
        m.lerp_(g, 1 - betas[0])
        s.lerp_(g * g, 1 - betas[1])
        p.sub_(lr / (1 - betas[0] ** t) * m / ((s / (1 - betas[1] ** t)).sqrt() + 1e-8))


def test_betas_are_halved_too():
    outcomes = until_different(*sides(adam, "torch.optim.Adam", lr=0.01, betas=(0.9, 0.99)), HALVED)
    assert worst(outcomes) == ("betas changed half-way", CONSTANT)


def by_momentum(parameters, gradients, state, *, lr, momentum):
    """Keep velocities by the momentum of the first iteration, as some packages do."""
    first = state.setdefault("of", {momentum: {}})
    own(parameters, gradients, first[momentum], lr=lr, momentum=momentum)


HALF_WAY = "momentum changed half-way"
OTHER_MOMENTUM = "momentum=0.45"


def test_a_rule_that_raises_when_a_hyperparameter_changes_is_not_covered_there():
    outcomes = until_different(*sides(by_momentum, **MOMENTUM), {HALF_WAY, OTHER_MOMENTUM})
    assert remarks(outcomes) == {
        HALF_WAY: "the rule raises KeyError: 0.45",
        OTHER_MOMENTUM: "the rule raises KeyError: 0.225",
    }
    assert {outcome.verdict for outcome in outcomes} <= {IDENTICAL, EQUAL, None}


def test_a_reference_that_raises_when_a_hyperparameter_changes_refuses_it():
    pair = sides(momentum, by_momentum, **MOMENTUM)
    outcomes = until_different(*pair, {HALF_WAY, OTHER_MOMENTUM})
    assert remarks(outcomes) == dict.fromkeys(
        [HALF_WAY, OTHER_MOMENTUM], "the reference refuses this"
    )


def test_a_rule_that_raises_while_hyperparameters_stay_is_an_error():
    def rule(parameters, gradients, state, *, lr, momentum):
        own(parameters, gradients, state, lr=lr, momentum=momentum)
        if max(p.abs().max() for p in parameters) > 100:
            raise ValueError("no such weights")

    with pytest.raises(ValueError, match="no such weights"):
        until_different(*sides(rule, **MOMENTUM), {"ordinary gradients", "large gradients"})


def test_a_rule_that_raises_late_at_another_value_is_not_covered_there():
    def rule(parameters, gradients, state, *, lr, momentum=0, nesterov=False):
        state["t"] = state.get("t", 0) + 1
        if nesterov and state["t"] > 10:
            raise ValueError("no more")
        own(parameters, gradients, state, lr=lr, momentum=momentum)

    outcomes = until_different(*sides(rule, **MOMENTUM), ())
    assert "no more" in remarks(outcomes)["nesterov=True"]


# Options


def adagrad(parameters, gradients, state, *, lr=0.01, lr_decay=0):
    """Count iterations from 1 in the decay of the learning rate, where torch counts from 0."""
    t = state["t"] = state.get("t", 0) + 1
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        s = state.setdefault(index, torch.zeros_like(p)).addcmul_(g, g)
        p.sub_(lr / (1 + t * lr_decay) * g / (s.sqrt() + 1e-10))


def adadelta(parameters, gradients, state, *, lr=1.0, rho=0.9, eps=1e-6):
    """Multiply by the learning rate before the step is accumulated."""
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        s, d = state.setdefault(index, (torch.zeros_like(p), torch.zeros_like(p)))
        s.mul_(rho).addcmul_(g, g, value=1 - rho)
        step = lr * (d + eps).sqrt() / (s + eps).sqrt() * g
        d.mul_(rho).addcmul_(step, step, value=1 - rho)
        p.sub_(step)


def rmsprop(parameters, gradients, state, *, lr=0.01, alpha=0.99, eps=1e-8, momentum=0):
    """Keep the learning rate in the velocity."""
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        s, v = state.setdefault(index, (torch.zeros_like(p), torch.zeros_like(p)))
        s.mul_(alpha).addcmul_(g, g, value=1 - alpha)
        p.sub_(v.mul_(momentum).add_(lr * g / (s.sqrt() + eps)))


def unclipped(parameters, gradients, state, *, lr=0.01, d=1.0):
    adafactor(parameters, gradients, state, lr=lr, d=1e30)


def without_relative_step(parameters, gradients, state, *, lr=0.01, d=1.0):
    """Leave out that a learning rate is at most 1 / sqrt(t)."""
    t = state["t"] = state.get("t", 0) + 1
    before = [p.clone() for p in parameters]
    adafactor(parameters, gradients, state.setdefault("own", {}), lr=lr, d=d)
    for p, old in zip(parameters, before, strict=True):
        p.copy_(old + (p - old) * lr / min(lr, t**-0.5))


def damped_from_the_first(parameters, gradients, state, *, lr, momentum=0, dampening=0):
    """Dampen the first gradient, too."""
    damped = [(1 - dampening) * g if momentum else g for g in gradients]
    own(parameters, damped, state, lr=lr, momentum=momentum)


def l2(parameters, gradients, state, *, lr, weight_decay=0):
    """Double the weight decay."""
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr * (g + 2 * weight_decay * p))


@some_or_all
@pytest.mark.parametrize(
    ("rule", "reference", "settings", "trial", "verdict"),
    [
        (adagrad, "Adagrad", {"lr": 0.01}, "lr_decay=0.1", DIFFERENT),
        (adadelta, "Adadelta", {}, "lr=10", DIFFERENT),
        (adadelta, "Adadelta", {"lr": 0.5}, "ordinary gradients", DIFFERENT),
        (rmsprop, "RMSprop", {"lr": 0.01}, "momentum=0.85", CONSTANT),
        (unclipped, "Adafactor", {"lr": 0.01}, "ordinary gradients", DIFFERENT),
        (without_relative_step, "Adafactor", {"lr": 0.01}, "lr=1", DIFFERENT),
        (
            damped_from_the_first,
            "SGD",
            {"lr": 0.01},
            "dampening=0.1, momentum=0.85",
            DIFFERENT,
        ),
        (l2, "SGD", {"lr": 0.01}, "weight_decay=0.1", DIFFERENT),
    ],
)
def test_a_mistake_in_an_option_is_found_where_the_option_is_used(
    rule, reference, settings, trial, verdict, everything
):
    pair = sides(rule, f"torch.optim.{reference}", **settings)
    outcomes = until_different(*pair, None if everything else {trial})
    assert worst(outcomes) == (trial, verdict)
    if verdict == DIFFERENT and "=" in trial:
        changed = outcomes[-1].arguments.theirs.settings.items() - pair[1].settings.items()
        assert next(iter(changed))[0] in trial


def test_an_option_that_is_ignored_is_a_remark_and_no_mistake():
    def rule(parameters, gradients, state, *, lr, momentum=0, nesterov=False, dampening=0):
        own(parameters, gradients, state, lr=lr, momentum=momentum)

    outcomes = until_different(*sides(rule, **MOMENTUM), ())
    assert remarks(outcomes) == {
        "nesterov=True": "the rule takes nesterov and ignores it",
        "dampening=0.1": "the rule takes dampening and ignores it",
    }


def test_a_hyperparameter_in_use_that_is_ignored_is_a_mistake():
    def rule(parameters, gradients, state, *, lr, momentum=0):
        own(parameters, gradients, state, lr=lr, momentum=0.9)

    outcomes = until_different(*sides(rule, **MOMENTUM), {"momentum=0.45"})
    assert worst(outcomes) == ("momentum=0.45", DIFFERENT)


def test_values_that_the_reference_refuses_are_remarked():
    pair = sides("scratch.adam", "torch.optim.Adam", lr=0.01)
    refused = {"betas": (0.9, 1.5)}
    outcome = trials.vary("betas", (refused, refused), *pair, gradients.NETWORK, True)
    assert (outcome.verdict, outcome.remark) == (None, "the reference refuses this")


# Shapes


def test_a_rule_that_raises_on_scalars_is_not_covered():
    def rule(parameters, gradients, state, *, lr, momentum):
        for p in parameters:
            if not p.ndim:
                raise IndexError(f"no\nlength of {p.ndim}")
        own(parameters, gradients, state, lr=lr, momentum=momentum)

    outcomes = until_different(*sides(rule, **MOMENTUM), {"a 4-D parameter"})
    assert worst(outcomes)[1] in (IDENTICAL, EQUAL)
    assert remarks(outcomes) == {"a scalar parameter": "the rule raises no length of 0"}


def flattened_adafactor(parameters, gradients, state, *, lr=0.01):
    """Treat a convolution as a matrix."""
    shapes = [(len(p), -1) if p.ndim == 4 else p.shape for p in parameters]
    adafactor(
        [p.view(shape) for p, shape in zip(parameters, shapes, strict=True)],
        [g.view(shape) for g, shape in zip(gradients, shapes, strict=True)],
        state,
        lr=lr,
    )


def test_where_the_reference_depends_on_shapes_four_dimensions_are_a_convention():
    pair = sides(flattened_adafactor, "torch.optim.Adafactor", lr=0.01)
    outcomes = until_different(*pair, {"ordinary gradients", "a 4-D parameter"})
    assert worst(outcomes)[1] in (IDENTICAL, EQUAL)
    assert "this is a convention" in remarks(outcomes)["a 4-D parameter"]


@pytest.mark.slow
def test_a_reference_of_matrices_is_tried_with_matrices():
    pair = sides("scratch.muon", "torch.optim.Muon", lr=0.01)
    generator = trials.try_everything(*pair)
    outcome = next(generator)
    assert outcome.verdict in (IDENTICAL, EQUAL)
    assert paths.refused(pair[1], gradients.NETWORK) is not None


# Classes


class Sgd(torch.optim.Optimizer):
    """Momentum, of which a subclass changes one method."""

    def __init__(self, params, lr=0.01, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if self.takes(p):
                    self.update(p, self.state[p], group["lr"], group["momentum"])

    def takes(self, p):
        return p.grad is not None

    def update(self, p, state, lr, momentum):
        if "v" not in state:
            state["v"] = torch.zeros_like(p)
        p.sub_(lr * state["v"].mul_(momentum).add_(p.grad))


class KeepsTheGradient(Sgd):
    def update(self, p, state, lr, momentum):
        state["v"] = state["v"].mul_(momentum).add_(p.grad) if "v" in state else p.grad
        p.sub_(lr * state["v"])


class ChangesTheGradient(Sgd):
    def update(self, p, state, lr, momentum):
        p.grad.mul_(1)
        super().update(p, state, lr, momentum)
        p.grad.zero_()


class UpdatesWithoutGradient(Sgd):
    def takes(self, p):
        return True

    def update(self, p, state, lr, momentum):
        v = state.setdefault("v", torch.zeros_like(p)).mul_(momentum)
        if p.grad is not None:
            v.add_(p.grad)
        p.sub_(lr * v)


class RaisesWithoutGradient(Sgd):
    def takes(self, p):
        return p.grad.numel() > 0


class AssignsData(Sgd):
    def update(self, p, state, lr, momentum):
        state["v"] = momentum * state.get("v", 0) + p.grad
        p.data = p.data - lr * state["v"]


class OfOneVector(Sgd):
    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            w = parameters_to_vector(params)
            for p in params:
                self.state[p]["v"] = group["momentum"] * self.state[p].get("v", 0) + p.grad
            v = parameters_to_vector([self.state[p]["v"] for p in params])
            vector_to_parameters(w - group["lr"] * v, params)


class WithoutNoGrad(Sgd):
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(group["lr"] * p.grad)


SAME_MEMORY = "gradients in the same memory each time, as after zero_grad(set_to_none=False)"
WITHOUT = "parameters without a gradient"
GROUPS = "two groups of parameters with different hyperparameters"
TRANSPOSED = "matrices that are transposed, so not contiguous"  # torch's own function refuses them


@some_or_all
@pytest.mark.parametrize("rule", [Sgd, AssignsData, OfOneVector, ChangesTheGradient])
def test_right_classes_pass(rule, everything):
    ours, theirs = sides(rule, **MOMENTUM)
    outcomes = until_different(ours, theirs, None if everything else {SAME_MEMORY, WITHOUT})
    assert worst(outcomes)[1] in (IDENTICAL, EQUAL)
    assert set(remarks(outcomes)) == ({TRANSPOSED} if rule is OfOneVector else set())
    assert {SAME_MEMORY, WITHOUT} <= {outcome.trial for outcome in outcomes}
    found = changed_gradients(ours)
    assert len(found) == (rule is ChangesTheGradient)
    assert all("it changes p.grad" in remark for remark in found)


@some_or_all
@pytest.mark.parametrize(
    ("rule", "trial"), [(KeepsTheGradient, SAME_MEMORY), (UpdatesWithoutGradient, WITHOUT)]
)
def test_wrong_classes_are_found_in_the_loop_of_a_class(rule, trial, everything):
    only = None if everything else {"ordinary gradients", SAME_MEMORY, WITHOUT}
    outcomes = until_different(*sides(rule, **MOMENTUM), only)
    assert (outcomes[-1].trial, outcomes[-1].verdict) == (trial, DIFFERENT)
    assert {outcome.verdict for outcome in outcomes[:-1]} <= {IDENTICAL, EQUAL}


class Signs(torch.optim.Optimizer):
    def __init__(self, params, lr, eps=1e-8):
        super().__init__(params, {"lr": lr, "eps": eps})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            eps = group["eps"] if isinstance(group["eps"], float) else group["eps"][0]
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] * p.grad / (p.grad.abs() + eps))


class SignsOfPair(Signs):
    def __init__(self, params, lr, eps=(1e-8, 0.001)):
        super().__init__(params, lr, eps)


def test_where_eps_is_a_pair_for_one_of_two_the_groups_keep_it():
    theirs = Contender("SignsOfPair", {"lr": 0.1}, SignsOfPair)
    ours = Contender("Signs", {"lr": 0.1}, Signs)
    outcomes = until_different(ours, theirs, only={GROUPS})
    assert [o.verdict for o in outcomes if o.trial == GROUPS] == [IDENTICAL]


def test_without_memory_that_is_used_again_a_kept_gradient_would_pass(monkeypatch):
    run = trials.run
    monkeypatch.setattr(trials, "run", lambda *a, reuse=False: run(*a))
    outcomes = until_different(*sides(KeepsTheGradient, **MOMENTUM), {SAME_MEMORY})
    assert worst(outcomes)[1] in (IDENTICAL, EQUAL)


def test_a_class_that_needs_all_gradients_is_not_covered():
    outcomes = until_different(*sides(RaisesWithoutGradient, **MOMENTUM), {SAME_MEMORY})
    assert worst(outcomes)[1] in (IDENTICAL, EQUAL)
    assert "the rule raises 'NoneType' object has no" in remarks(outcomes)[WITHOUT]


def test_a_step_that_records_gradients_is_an_error_that_says_so():
    with pytest.raises(RuleError, match=r"decorate step with @torch\.no_grad"):
        until_different(*sides(WithoutNoGrad, **MOMENTUM))


def test_functions_have_no_loop_of_a_class():
    outcomes = until_different(*sides(momentum, **MOMENTUM), ())
    assert not {SAME_MEMORY, WITHOUT} & {outcome.trial for outcome in outcomes}


# The whole


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "sgd" else pytest.mark.slow)
        for name in (
            *("sgd", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "adamax", "nadam"),
            *("radam", "adafactor", "rprop", "asgd", "muon"),
        )
    ],
)
def test_the_included_rules_pass_all_trials(name):
    classes = {each.lower(): each for each in dir(torch.optim)}
    outcomes = until_different(*sides(f"scratch.{name}", f"torch.optim.{classes[name]}", lr=0.01))
    assert {outcome.verdict for outcome in outcomes} <= {IDENTICAL, EQUAL, None}
    assert len(outcomes) > 15
    assert len({outcome.trial for outcome in outcomes}) == len(outcomes)


SCALAR = {"a scalar parameter"}


def test_the_table_has_a_row_for_each_trial():
    outcomes = until_different(*sides(MISTAKES["scalars left out"][0], **MOMENTUM), SCALAR)
    table = trials.table(outcomes)
    assert table["trial"].tolist() == [outcome.trial for outcome in outcomes]
    last = table.iloc[-1]
    assert (last["verdict"], last["iteration"], last["dtype"]) == (DIFFERENT, 1, "float64")
    assert last["tensor"] == "scalar"
    assert trials.table([]).empty


def test_a_reference_that_diverges_cannot_be_compared():
    pair = sides(momentum, lr=1e35, momentum=0.9)
    outcome = trials.run("large", *pair, gradients.NETWORK, "large", [{}] * 3)
    assert (outcome.verdict, outcome.remark) == (None, "the reference is no longer finite")


def test_contenders_are_not_changed_by_their_trials():
    ours, theirs = sides(momentum, **MOMENTUM)
    until_different(ours, theirs, {"lr changed half-way", "momentum=0.45"})
    assert ours.settings == theirs.settings == MOMENTUM
    assert isinstance(ours, Contender)
