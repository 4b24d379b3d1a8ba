"""The tolerance: the formula, what a rounding does to linear rules, and the envelope.

Right rules that lose digits are held against torch's classes. Each claim is also tried with a
tolerance that lacks what it needs: there the right rule is called different.
"""

import math
from functools import partial

import pytest
import torch

from comparing import Given, draw, judged, sides, verdicts
from descent.parity import replay, tolerance
from descent.parity.arithmetic import ROUNDINGS
from descent.parity.contender import Contender
from descent.parity.gradients import NETWORK, Generated
from descent.parity.tolerance import Formula, Gain, distances, magnitudes
from descent.parity.verdict import DIFFERENT, EQUAL, IDENTICAL, LESS_ACCURATE

BY_FORMULA, BY_ENVELOPE = (EQUAL, "formula"), (EQUAL, "envelope")

# The formula


#: Two seeds of one tensor: 1, 3, 2 with steps of 2 and 1; and 4, 4, 12 with steps of 0 and 8.
START = [[1.0, -0.5], [4.0, 0.0]]
PATH = [[[-1.0, -2.5], [4.0, 0.0]], [[-2.0, -1.5], [12.0, -1.0]]]


@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_formula_in_a_case_computed_by_hand(dtype, at_once):
    k_u = 2 * 16 * torch.finfo(dtype).eps / 2
    formula = Formula([torch.tensor([START], dtype=dtype)])
    scales, ways, bounds = [], [], []
    for path in torch.tensor(PATH, dtype=dtype).split(at_once):
        formula.advance([path])
        scales += formula.scale.tolist()
        ways += formula.way.tolist()
        bounds.append(formula.bound)
    assert scales == [[[2.5, 4.0]], [[2.0, 12.0]]]
    assert ways == [[[2.0, 0.0]], [[3.0, 8.0]]]
    first = [2.5 + 1 * 2, 4.0]
    second = [2.5 + 1 * 2 + 2.0 + 2 * 2, 4.0 + 0 + 12 + 2 * 8]
    expected = k_u * torch.tensor([[first], [second]], dtype=torch.float64)
    assert torch.allclose(torch.cat(bounds), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("at_once", [1, 3, 7])
def test_the_formula_is_the_same_for_any_number_of_iterations_at_once(at_once):
    path = [draw(20, 2, 4).cumsum(0), draw(20, 2, 5, seed=1).cumsum(0)]
    whole, pieces = (Formula([tensor[:1] for tensor in path]) for _ in range(2))
    whole.advance([tensor[1:] for tensor in path])
    bounds = []
    for first in range(1, 20, at_once):
        pieces.advance([tensor[first : first + at_once] for tensor in path])
        bounds.append(pieces.bound)
    torch.testing.assert_close(torch.cat(bounds), whole.bound)
    torch.testing.assert_close(pieces.way[-1], whole.way[-1])


def test_tensors_of_any_size_have_their_own_bounds():
    path = [torch.ones(1, 2, 1), 5 * torch.ones(1, 2, 3), torch.ones(1, 2, 24)]
    formula = Formula(path)
    formula.advance(path)
    assert formula.scale.tolist() == [[[1, 1], [5, 5], [1, 1]]]
    assert formula.bound.shape == (1, 3, 2)


def test_distances_tell_bits_and_infinities_apart():
    one = [torch.tensor([[[0.0], [math.nan], [math.inf], [-math.inf], [2.0]]]), torch.ones(1, 5, 2)]
    other = [torch.tensor([[[-0.0], [1.0], [1.0], [1.0], [1.5]]]), torch.ones(1, 5, 2)]
    [[apart, same]] = distances(one, other)
    assert 0 < apart[0] < 1e-37
    assert apart[1:].tolist() == [math.inf, math.inf, math.inf, 0.5]
    assert same.tolist() == [0] * 5
    assert magnitudes(other)[0, 0].tolist() == [0, 1, 1, 1, 1.5]


def test_an_iteration_with_the_same_bits_is_at_distance_0_whatever_the_others_are():
    one, other = torch.ones(3, 1, 2), torch.ones(3, 1, 2)
    other[1] = torch.nextafter(other[1], torch.tensor(2.0))
    found = distances([one], [other])
    assert found[[0, 2]].tolist() == [[[0.0]], [[0.0]]] and found[1].item() > 0


# The gain of rules that are linear in the gradients


def gain(name, **settings):
    _, theirs = sides("scratch.sgd", name, **settings)
    return Gain.of(theirs.make, Generated(NETWORK, "ordinary", 1).initial)


@pytest.mark.parametrize(
    ("lr", "momentum"),
    [
        (1e-3, 0.9),
        *(
            pytest.param(*pair, marks=pytest.mark.slow)
            for pair in [(1e-3, 0), (0.1, 0.5), (0.1, 0.99)]
        ),
    ],
)
def test_the_gain_of_sgd_is_that_of_its_lr_and_momentum(lr, momentum):
    found = gain("torch.optim.SGD", lr=lr, momentum=momentum)
    assert found.per_step == pytest.approx(1 / lr, rel=1e-6)
    assert found.total == pytest.approx(1 / (1 - momentum), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("scratch.nesterov", {"lr": 0.01, "momentum": 0.9}),
        ("torch.optim.SGD", {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1}),
        ("torch.optim.SGD", {"lr": 0.01, "momentum": 0.9, "dampening": 0.9}),
        ("torch.optim.ASGD", {"lr": 0.01}),
    ],
)
def test_other_linear_rules_have_a_gain(name, settings):
    assert 1 <= gain(name, **settings).total < 101


@pytest.mark.parametrize(
    "name", ["Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Rprop", "Adamax", "RAdam"]
)
def test_rules_that_divide_by_the_gradients_have_none(name):
    assert gain(f"torch.optim.{name}", lr=0.01) is None


# Momentum, written so that digits cancel


def dual(parameters, gradients, state, *, lr, momentum):
    """Start over from the first parameters, with all gradients summed: a difference of sums."""
    if not state:
        for name in ("start", "v", "sum"):
            state[name] = [
                torch.zeros_like(p) if name != "start" else p.clone() for p in parameters
            ]
    tensors = zip(parameters, gradients, state["start"], state["v"], state["sum"], strict=True)
    for p, g, start, v, total in tensors:
        v.mul_(momentum).add_(g)
        total.add_(g)
        p.copy_(start - lr / (1 - momentum) * (total - momentum * v))


def two_points(parameters, gradients, state, *, lr, momentum):
    """Take the velocity from the last two positions."""
    before = state.setdefault("before", [p.clone() for p in parameters])
    for p, g, old in zip(parameters, gradients, before, strict=True):
        new = (1 + momentum) * p - momentum * old - lr * g
        old.copy_(p)
        p.copy_(new)


#: A momentum that is close to 1.
EXTREME = {"lr": 0.01, "momentum": 0.999}


def from_0(iterations=30):
    """Make a source whose parameters start at 0, so that an error is large beside them."""
    return Given([torch.zeros(4, 3)], [[draw(4, 3, seed=t)] for t in range(iterations)])


def far_away():
    """Make one whose parameters are large beside the steps."""
    return Given([100 * draw(400)], [[1e-3 * draw(400, seed=t)] for t in range(60)])


differences = pytest.mark.parametrize(
    ("rule", "source", "iterations", "dtypes"),
    [(dual, from_0, 30, ["float32", "float64"]), (two_points, far_away, 60, ["float32"])],
)


@differences
def test_momentum_as_a_difference_is_right(rule, source, iterations, dtypes):
    found = judged(*sides(rule, **EXTREME), kind=source, iterations=iterations)
    assert {row["verdict"] for row in found.values()} == {EQUAL}
    for dtype in dtypes:
        assert found[dtype]["decided_by"] == "envelope"
        assert found[dtype]["share_of_bound"] > 1 > found[dtype]["share_of_tolerance"]


@differences
def test_without_the_gain_it_would_be_different(rule, source, iterations, dtypes, monkeypatch):
    monkeypatch.setattr(Gain, "of", lambda *_: None)
    found = judged(*sides(rule, **EXTREME), kind=source, iterations=iterations)
    assert all(found[dtype]["verdict"] == DIFFERENT for dtype in dtypes)


# Adam and RMSprop, written so that they keep other digits


def adam(bias):
    """Make Adam with some way to compute 1 - beta^t."""

    def rule(parameters, gradients, state, *, lr, betas, eps=1e-8):
        t = state["t"] = state.get("t", 0) + 1
        one, two = (bias(beta, t, state.setdefault(beta, {})) for beta in betas)
        for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            m, s = state.setdefault(f"{index}", (torch.zeros_like(p), torch.zeros_like(p)))
            m.mul_(betas[0]).add_(g, alpha=1 - betas[0])
            s.mul_(betas[1]).addcmul_(g, g, value=1 - betas[1])
            p.sub_(lr * (m / one) / ((s / two).sqrt() + eps))

    return rule


def by_expm1(beta, t, kept):
    return -math.expm1(t * math.log(beta))


def by_product(beta, t, kept):
    kept["power"] = kept.get("power", 1.0) * beta
    return 1 - kept["power"]


def by_sum(beta, t, kept):
    kept["weights"] = kept.get("weights", 0.0) * beta + 1
    return kept["weights"] * (1 - beta)


def by_tensor(beta, t, kept):
    return 1 - torch.tensor(beta, dtype=torch.float32) ** t


NEAR_1 = {"lr": 0.01, "betas": (0.9, 0.9999)}
FROM_0 = {"kind": from_0, "iterations": 30}


@pytest.mark.parametrize("bias", [by_expm1, by_product, by_sum])
def test_adam_that_keeps_the_digits_of_its_bias_correction_is_right(bias, monkeypatch):
    """torch's own loses four of them."""
    pair = sides(adam(bias), "torch.optim.Adam", **NEAR_1)
    found = judged(*pair, **FROM_0)
    assert found["float32"]["verdict"] == EQUAL
    if bias is by_product:  # it loses nearly the same ones
        assert found["float64"]["verdict"] == EQUAL
        return
    assert (found["float64"]["verdict"], found["float64"]["decided_by"]) == BY_ENVELOPE
    assert found["float64"]["share_of_bound"] > 1
    monkeypatch.setattr(replay, "disturb", lambda value, arithmetic: value)
    assert judged(*pair, **FROM_0)["float64"]["verdict"] == DIFFERENT


def test_adam_with_one_wrong_digit_in_its_bias_correction_is_different():
    def off(beta, t, kept):
        return (1 - beta**t) * (1 + 1e-9)

    found = verdicts(*sides(adam(off), "torch.optim.Adam", **NEAR_1), **FROM_0)
    assert found["float64"] == (DIFFERENT, "envelope")


@pytest.mark.parametrize("beta2", [0.999, 0.9999])
def test_adam_with_a_float32_counter_is_less_accurate_in_float32(beta2):
    """A tensor of the default dtype: float64 in a replay in float64."""

    def counter(parameters, gradients, state, *, lr, betas):
        t = state.setdefault("t", torch.tensor(0.0)).add_(1)
        adam(lambda beta, *_: 1 - beta**t)(
            parameters, gradients, state.setdefault("adam", {}), lr=lr, betas=betas
        )

    found = verdicts(*sides(counter, "torch.optim.Adam", lr=0.01, betas=(0.9, beta2)), **FROM_0)
    assert found["float64"][0] == EQUAL
    assert found["float32"] == (LESS_ACCURATE, "wide envelope")


def test_a_bias_correction_in_float32_only_is_wrong_in_float64():
    found = verdicts(*sides(adam(by_tensor), "torch.optim.Adam", **NEAR_1), **FROM_0)
    assert found["float64"][0] == DIFFERENT


def welford(parameters, gradients, state, *, lr, alpha, eps, centered, momentum=0):
    """Keep the variance itself, where torch subtracts two large numbers."""
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        m, s = state.setdefault(index, (torch.zeros_like(p), torch.zeros_like(p)))
        error = g - m
        s.addcmul_(error, error, value=1 - alpha).mul_(alpha)
        m.add_(error, alpha=1 - alpha)
        p.sub_(lr * g / (s.sqrt() + eps))


#: Gradients with a mean that is large beside their deviations.
OF_ONE_SIZE = {"lr": 0.01, "alpha": 0.7, "eps": 1e-8, "centered": True}


def around_1():
    return Given([torch.zeros(4, 3)], [[1 + 2e-3 * draw(4, 3, seed=t)] for t in range(60)])


def test_a_variance_that_torch_gets_by_cancellation_is_right():
    found = judged(
        *sides(welford, "torch.optim.RMSprop", **OF_ONE_SIZE), kind=around_1, iterations=60
    )
    for row in found.values():
        assert (row["verdict"], row["decided_by"]) == BY_ENVELOPE
        assert row["share_of_bound"] > 1


def test_a_variance_without_the_centre_is_different():
    def uncentered(parameters, gradients, state, *, lr, alpha, eps, centered):
        for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            s = state.setdefault(index, torch.zeros_like(p))
            s.mul_(alpha).addcmul_(g, g, value=1 - alpha)
            p.sub_(lr * g / (s.sqrt() + eps))

    pair = sides(uncentered, "torch.optim.RMSprop", **OF_ONE_SIZE)
    found = judged(*pair, kind=around_1, iterations=60)
    assert {row["verdict"] for row in found.values()} == {DIFFERENT}


# Jumps


def lion(interpolate):
    """Make Lion (Chen et al. 2023): a step along the sign of an interpolation."""

    def rule(parameters, gradients, state, *, lr, betas):
        for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            m = state.setdefault(index, torch.zeros_like(p))
            p.sub_(lr * interpolate(m, g, betas[0]).sign())
            m.mul_(betas[1]).add_(g, alpha=1 - betas[1])

    return rule


WITH_LERP = lion(lambda m, g, beta: m.lerp(g, 1 - beta))
WITH_SUM = lion(lambda m, g, beta: beta * m + (1 - beta) * g)
WITHOUT_MOMENTUM = lion(lambda m, g, beta: g)


def jumps():
    """Gradients for which 0.9 m + 0.1 g is 0, or a rounding away from it, half of the time."""
    first = draw(30, 20)
    second = -0.9 * (1 - 0.99) * first / (1 - 0.9)
    steps = [[first], [second]]
    steps += [[draw(30, 20, seed=t)] for t in range(2, 10)]
    return Given([draw(30, 20)], steps)


def of_lion(rule):
    settings = {"lr": 0.01, "betas": (0.9, 0.99)}
    return Contender("rule", settings, rule), Contender("reference", settings, WITH_LERP)


def test_a_sign_that_a_rounding_turns_is_within_the_envelope():
    found = judged(*of_lion(WITH_SUM), kind=jumps, iterations=10)
    assert found["float32"]["share_of_bound"] > 100
    assert (found["float32"]["verdict"], found["float32"]["decided_by"]) == BY_ENVELOPE
    assert found["float64"]["verdict"] == EQUAL


def test_a_wrong_sign_is_outside():
    found = judged(*of_lion(WITHOUT_MOMENTUM), iterations=10)
    assert {row["verdict"] for row in found.values()} == {DIFFERENT}


@pytest.mark.parametrize("sign", [1, -1])
def test_one_of_the_twins_contains_the_jump_of_a_single_number(sign, monkeypatch):
    """The sum is exactly 0 in the reference and a rounding above or below it in the rule."""

    def reference(parameters, gradients, state, *, lr):
        [p], [g] = parameters, gradients
        p.sub_(lr * (g * 3 - 0.3).sign())

    def rule(parameters, gradients, state, *, lr):
        [p], [g] = parameters, gradients
        p.sub_(lr * (g * 3 - 0.3 + sign * 1e-17).sign())

    def source():
        return Given([torch.ones(1)], [[torch.tensor([0.1], dtype=torch.float64)]])

    pair = Contender("rule", {"lr": 0.1}, rule), Contender("reference", {"lr": 0.1}, reference)
    assert judged(*pair, kind=source, iterations=1)["float64"]["verdict"] != DIFFERENT


def test_a_single_disturbed_run_would_miss_jumps(monkeypatch):
    missed = []
    original = tolerance.Envelope.advance
    for keep in (slice(0, 1), slice(1, 2), slice(0, 2)):
        monkeypatch.setattr(
            tolerance.Envelope,
            "advance",
            lambda self, reference, twins, formula, keep=keep: original(
                self, reference, twins[keep], formula
            ),
        )
        found = [
            verdicts(*of_lion(WITH_SUM), kind=partial(one_jump, seed), iterations=2)
            for seed in range(10)
        ]
        missed.append(sum(each["float32"][0] not in (IDENTICAL, EQUAL) for each in found))
    assert missed[2] == 0 < missed[0] + missed[1]


def one_jump(seed):
    """A single number whose sum is within a rounding of 0 in the second iteration."""
    first = draw(1, seed=seed).abs().float().double() + 1
    return Given([draw(1, seed=seed + 50)], [[first], [-0.9 * (1 - 0.99) * first / (1 - 0.9)]])


# Precision


def half_velocity(parameters, gradients, state, *, lr, momentum):
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        v = state.setdefault(index, torch.zeros_like(p))
        kept = momentum * v + g
        v.copy_(kept.bfloat16() if p.dtype == torch.float32 else kept)
        p.sub_(lr * v)


def test_a_velocity_in_bfloat16_is_too_careless():
    found = verdicts(*sides(half_velocity, lr=0.01, momentum=0.9))
    assert found["float32"][0] == DIFFERENT and found["float64"][0] == EQUAL


def test_ordinary_forms_need_no_envelope():
    def plain(parameters, gradients, state, *, lr, momentum):
        for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            v = state[index] = momentum * state.get(index, 0) + g
            p.sub_(lr * v)

    found = judged(*sides(plain, lr=0.01, momentum=0.9))
    assert {(row["verdict"], row["decided_by"]) for row in found.values()} == {BY_FORMULA}
    assert all(row["share_of_tolerance"] == row["share_of_bound"] < 0.3 for row in found.values())


def clipped(norm):
    """Make SGD that clips all gradients together, with some way to compute their norm."""

    def rule(parameters, gradients, state, *, lr):
        size = norm(gradients)
        for p, g in zip(parameters, gradients, strict=True):
            p.sub_(lr * g * (1 / size).clamp(max=1))

    return rule


def one_after_the_other(gradients):
    return sum(row.square().sum() for g in gradients for row in g.reshape(-1, 50)).sqrt()


def of_norms(gradients):
    return torch.stack([torch.linalg.vector_norm(g) for g in gradients]).norm()


@pytest.mark.slow
def test_a_norm_that_is_summed_in_another_order_is_right():
    """A million elements: one rounding for each in float32."""
    rule, reference = (
        Contender("x", {"lr": 0.1}, clipped(norm)) for norm in (one_after_the_other, of_norms)
    )
    shapes = {"W": (1000, 1000), "b": (1000,)}
    found = judged(rule, reference, shapes, iterations=5)
    assert {row["verdict"] for row in found.values()} == {EQUAL}


def test_the_formula_and_the_envelope_count_the_same_roundings():
    assert tolerance.ROUNDINGS is ROUNDINGS == 16
