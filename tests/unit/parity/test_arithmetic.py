"""Disturbed arithmetic: how large the errors are, where there are none, and that twins mirror."""

import math

import pytest
import torch

from comparing import Given, draw, sides
from descent.parity import arithmetic
from descent.parity.arithmetic import ROUNDINGS, Disturbed, Noise, Number, disturb, unit
from descent.parity.replay import Network
from pretended import DEVICE, pretending

DTYPES = [torch.float32, torch.float64]


def errors(operation, *tensors, sign=1, **noise):
    """Return the relative errors of an operation on copies of tensors, in units of u."""
    exact = operation(*[tensor.clone() for tensor in tensors])
    with Disturbed(Noise(sign, **noise)):
        found = operation(*[tensor.clone() for tensor in tensors])
    return (found.double() / exact.double() - 1) / unit(exact.dtype)


def positive(*shape, dtype=torch.float32, seed=0):
    return 1 + draw(*shape, seed=seed, dtype=dtype).abs()


def out_of(a, b):
    return torch.mul(a, b, out=torch.empty_like(a))


def foreach(a, b):
    return torch._foreach_mul([a, a[:2]], [b, b[:2]])[0]


def foreach_in_place(a, b):
    torch._foreach_addcmul_([a], [b], [b], value=0.5)
    return a


#: An operation in all the forms in which torch has it.
ELEMENTWISE = {
    "operator": lambda a, b: a * b,
    "method": lambda a, b: a.div(b),
    "in place": lambda a, b: a.add_(b, alpha=0.3),
    "by a number": lambda a, b: a / 3,
    "power": lambda a, b: a**0.5,
    "root": lambda a, b: a.sqrt(),
    "three tensors": lambda a, b: a.addcdiv(a, b),
    "interpolation": lambda a, b: a.lerp(b, 0.1),
    "one number for all": lambda a, b: a * b[0, 0],
    "part": lambda a, b: a[:, :7] + b[:, :7],
    "out": out_of,
    "foreach": foreach,
    "foreach in place": foreach_in_place,
}
each_form = pytest.mark.parametrize("operation", ELEMENTWISE.values(), ids=ELEMENTWISE.keys())


@each_form
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_element_of_every_result_is_off_by_at_most_16_roundings(operation, dtype):
    """The rounding of the result itself may add a little."""
    off = errors(operation, positive(30, 20, dtype=dtype), positive(30, 20, dtype=dtype, seed=1))
    assert 0.8 * ROUNDINGS < off.abs().max() < ROUNDINGS + 2
    assert (off != 0).double().mean() > 0.9 and off.unique().numel() > 20
    assert off.mean().abs() < 0.15 * ROUNDINGS


@each_form
def test_twins_have_opposite_errors(operation):
    tensors = positive(30, 20, dtype=torch.float64), positive(30, 20, dtype=torch.float64, seed=1)
    one, other = (errors(operation, *tensors, sign=sign) for sign in (1, -1))
    assert (one + other).abs().max() < 3 < one.abs().max()


def test_errors_are_the_same_in_every_run():
    tensors = positive(5, 5), positive(5, 5, seed=1)
    assert torch.equal(*(errors(torch.mul, *tensors) for _ in range(2)))


def test_errors_of_successive_operations_differ():
    with Disturbed(Noise(1)):
        one, other = torch.ones(50) * 3, torch.ones(50) * 3
    assert not torch.equal(one, other)


EXACT = {
    "sign": torch.sign,
    "clone": torch.clone,
    "negative": torch.neg,
    "absolute": torch.abs,
    "maximum": lambda a: torch.maximum(a, a.neg()),
    "largest": lambda a: a.amax(1),
    "clamp": lambda a: a.clamp(-0.1, 0.2),
    "in place": lambda a: a.clamp_(min=0.1).neg_(),
    "where": lambda a: torch.where(a > 0, a, 0),
    "transposed": lambda a: a.T,
    "row": lambda a: a[1],
    "flipped": lambda a: a.flip(0),
    "flat": lambda a: a.reshape(-1),
    "flat copy": lambda a: a.T.reshape(-1),
    "chosen": lambda a: a[a > 0],
    "stack": lambda a: torch.stack([a, a]),
    "cat": lambda a: torch.cat([a, a]),
    "split": lambda a: torch.cat(a.split(2)),
    "zeros": torch.zeros_like,
    "full": lambda a: torch.full_like(a, 0.3),
    "copy": lambda a: torch.empty_like(a).copy_(a),
    "more precise": lambda a: a.to(torch.float64),
    "same": lambda a: a.to(a.dtype, copy=True),
    "comparison": lambda a: (a > 0.1).to(a.dtype),
    "foreach": lambda a: torch._foreach_neg([a])[0],
    "foreach maximum": lambda a: torch._foreach_maximum([a], [a.neg()])[0],
}


@pytest.mark.parametrize("operation", EXACT.values(), ids=EXACT.keys())
def test_operations_that_are_exact_keep_their_bits(operation):
    a = draw(6, 4, dtype=torch.float32)
    exact = operation(a.clone())
    with Disturbed(Noise(1)):
        assert torch.equal(operation(a.clone()), exact)


def test_an_operation_that_is_not_listed_as_exact_would_not(monkeypatch):
    monkeypatch.setattr(arithmetic, "_EXACT", arithmetic._EXACT - {"neg"})
    monkeypatch.setattr(arithmetic, "_operation", arithmetic._operation.__wrapped__)
    a = draw(6, 4)
    with Disturbed(Noise(1)):
        assert not torch.equal(-a, a.neg()) and not torch.equal(torch.neg(a), a * -1)


@pytest.mark.parametrize("value", [torch.inf, -torch.inf])
def test_infinity_stays_infinite(value):
    """RAdam divides by 0, and then by the result."""
    with Disturbed(Noise(1)):
        assert (torch.full((50,), value) * 2 == value).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_counter_keeps_its_bits(dtype):
    count = torch.zeros((), dtype=dtype)
    with Disturbed(Noise(1)):
        for _ in range(100):
            count += 1
            torch._foreach_add_([count], 1)
        half = count / 400
    assert count == 200 and half != 0.5


@pytest.mark.parametrize("n", [100, 10_000])
@pytest.mark.parametrize(
    "total",
    [torch.sum, torch.norm, torch.mean, lambda a: a @ a, lambda a: torch._foreach_norm([a])[0]],
    ids=["sum", "norm", "mean", "product", "foreach norm"],
)
def test_a_sum_of_n_numbers_is_off_by_root_n_times_as_much(total, n):
    off = torch.stack([_off_of_a_sum(total, n, repeat) for repeat in range(100)]).abs()
    assert 0.7 < off.max() / (ROUNDINGS * math.sqrt(n)) < 1.01


def _off_of_a_sum(total, n, repeat):
    a = positive(n, dtype=torch.float64)
    disturbed = Disturbed(Noise(1))
    disturbed._random.seed(repeat)
    with disturbed:
        found = total(a)
    return (found / total(a) - 1) / unit(torch.float64)


@pytest.mark.parametrize("axis", [0, 1])
def test_sums_along_an_axis_count_the_numbers_of_that_axis(axis):
    off = errors(lambda a: a.sum(axis), positive(100, 400, dtype=torch.float64)).abs().max()
    assert 0.8 < off / (ROUNDINGS * math.sqrt((100, 400)[axis])) < 1.1


@pytest.mark.parametrize("shapes", [((20, 100), (100, 5)), ((20, 5), (5, 100))])
def test_a_matrix_product_counts_the_numbers_in_a_sum(shapes):
    one, other = (positive(*shape, dtype=torch.float64) for shape in shapes)
    limit = ROUNDINGS * math.sqrt(shapes[1][0])
    assert 0.8 < errors(torch.mm, one, other).abs().max() / limit < 1.1


def test_a_small_tensor_beside_a_large_one_is_no_sum():
    """A foreach operation takes tensors of all shapes at once."""
    small = positive(4)
    with Disturbed(Noise(1)):
        found = torch._foreach_mul([positive(50, 50), small], 1.0)[1]
    assert ((found / small - 1) / unit(torch.float32)).abs().max() < ROUNDINGS + 2


def test_in_single_precision_a_sum_is_added_one_number_after_the_other():
    off = errors(
        lambda a: a.sum(1), positive(300, 400, dtype=torch.float64), single_precision_scalars=True
    )
    assert 0.8 < off.abs().max() / 400 < 1.1


def test_bfloat16_has_eight_roundings():
    a = positive(40, 40, dtype=torch.bfloat16)
    off = errors(lambda a: a * 1, a).abs().max()
    assert 7 < off <= 9


def test_a_conversion_to_fewer_digits_is_disturbed():
    a = positive(30, dtype=torch.float64)
    assert errors(lambda a: a.float(), a).abs().max() > 8
    assert errors(lambda a: torch.empty(30).copy_(a), a).abs().max() > 8


# Python's numbers


def number(value, **noise):
    return disturb(value, Disturbed(Noise(1, **noise)))


def test_numbers_are_off_by_at_most_16_roundings():
    off = [disturb(0.1, _seeded(seed)) / 0.1 - 1 for seed in range(200)]
    limit = ROUNDINGS * unit(torch.float64)
    assert 0.9 * limit < max(map(abs, off)) < 2.2 * limit  # of 0.1 and of the quotient
    assert min(off) < 0 < max(off)


def _seeded(seed):
    disturbed = Disturbed(Noise(1))
    disturbed._random.seed(seed)
    return disturbed


@pytest.mark.parametrize("beta", [0.9, 0.999, 0.9999])
def test_the_digits_that_a_bias_correction_loses_are_found(beta):
    """The error of 1 - beta^1 is about u / (1 - beta)."""
    off = [float(1 - disturb(beta, _seeded(seed)) ** 1) / (1 - beta) - 1 for seed in range(200)]
    lost = max(map(abs, off)) * (1 - beta) / unit(torch.float64)
    assert ROUNDINGS < lost < 4 * ROUNDINGS


def test_the_error_of_a_power_is_that_of_its_base_too():
    off = [float(disturb(0.999, _seeded(seed)) ** 1000) / 0.999**1000 - 1 for seed in range(50)]
    assert max(map(abs, off)) > 500 * ROUNDINGS * unit(torch.float64)


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: 1 - x,
        lambda x: x + 1,
        lambda x: 2 * x,
        lambda x: x / 3,
        lambda x: 3 / x,
        lambda x: x**2,
        lambda x: 2**x,
        lambda x: x - 0.25,
    ],
)
def test_what_is_computed_from_a_number_is_disturbed_and_stays_a_number(compute):
    computed = compute(number(0.5))
    assert isinstance(computed, Number)
    assert 0 < abs(computed - compute(0.5)) < 100 * unit(torch.float64)


def test_twins_of_numbers_have_opposite_errors():
    one, other = (float(1 - disturb(0.9, Disturbed(Noise(sign))) ** 3) for sign in (1, -1))
    exact = 1 - 0.9**3
    assert one != exact and math.isclose(one - exact, exact - other, rel_tol=0.2)


def test_numbers_as_if_they_were_float32():
    off = abs(float(number(0.9, single_precision_scalars=True)) / 0.9 - 1)
    assert unit(torch.float32) / 100 < off < ROUNDINGS * unit(torch.float32)


def test_only_floats_are_disturbed_and_only_once():
    arithmetic_ = Disturbed(Noise(1))
    for value in (3, True, None, "mean", torch.ones(2)):
        assert disturb(value, arithmetic_) is value
    betas = disturb((0.9, 0.999), arithmetic_)
    assert type(betas) is tuple and all(type(beta) is Number for beta in betas)
    assert disturb(betas, arithmetic_) == betas
    assert type(disturb([0.5], arithmetic_)) is list


def test_torch_takes_numbers_where_it_takes_floats():
    x = number(0.5)
    for tensor in (torch.ones(3), torch.ones(3, dtype=torch.float64)):
        for found in (
            tensor * x,
            x * tensor,
            tensor.mul(x),
            torch.zeros(3).add_(torch.ones(3), alpha=x),
            torch.zeros(3).lerp(torch.ones(3), x),
            torch.full((3,), x),
            torch._foreach_mul([tensor], x)[0],
            torch.zeros(3).addcmul_(torch.ones(3), torch.ones(3), value=x),
        ):
            assert torch.allclose(found.double(), torch.full((3,), 0.5, dtype=torch.float64))


# Underflow


@pytest.mark.parametrize("product", [lambda g: g * g, torch.square, lambda g: g.mul_(g)])
def test_one_twin_keeps_the_sign_of_a_product_that_underflows(product):
    tiny = torch.tensor([1e-30, -1e-30, 1.0, 0.0])
    ends = []
    for sign in (1, -1):
        with Disturbed(Noise(sign)):
            ends.append(product(tiny.clone()))
    assert (ends[0] > 0).tolist() == [True, True, True, False]
    assert (ends[1] > 0).tolist() == [False, False, True, False]


def test_a_negative_product_that_underflows_stays_negative():
    with Disturbed(Noise(1)):
        assert torch.tensor([1e-30]) * torch.tensor([-1e-30]) < 0


# Whole optimizers

ZOO = ["SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "Adamax", "NAdam", "RAdam"]
ZOO += ["Adafactor", "Rprop", "ASGD"]


def ends(name, iterations, noise=None, dtype=torch.float64, **settings):
    _, theirs = sides("scratch.sgd", f"torch.optim.{name}", lr=0.01, **settings)
    source = Given(
        [draw(4, 3, seed=1), draw(3, 3, seed=2)],
        [[draw(4, 3, seed=9 + t), draw(3, 3, seed=99 + t)] for t in range(iterations)],
    )
    network = Network(source.initial, theirs.make, dtype, noise)
    for _ in range(iterations):
        network.step(source.gradients(network), {})
    return torch.cat([value.flatten() for value in network.values]).double()


@pytest.mark.parametrize(
    "options", [{"foreach": False}, {"foreach": True}], ids=["loop", "foreach"]
)
@pytest.mark.parametrize("name", ZOO)
def test_a_disturbed_optimizer_stays_close_to_itself(name, options):
    settings = options | ({"momentum": 0.9} if name == "SGD" else {})
    exact = ends(name, 30, **settings)
    one, other = (ends(name, 30, Noise(sign), **settings) for sign in (1, -1))
    for end in (one, other):
        assert 1e-16 < (end - exact).abs().max() / exact.abs().max() < 1e-9
    assert not torch.equal(one, other)


def test_muon_in_bfloat16_is_off_by_a_tenth_of_a_step():
    """torch scales the steps of Muon to 0.2 per element, times lr."""
    exact = ends("Muon", 1)
    step = (exact - ends("Muon", 0)).abs().max()
    for sign in (1, -1):
        assert 0.005 < (ends("Muon", 1, Noise(sign)) - exact).abs().max() / step < 0.5


def test_a_disturbed_optimizer_leaves_the_undisturbed_one_alone():
    before = ends("Adam", 5)
    ends("Adam", 5, Noise(1))
    assert torch.equal(ends("Adam", 5), before)


def test_the_errors_are_the_same_on_every_device():
    def disturbed(device, sign=1):
        a, b = (positive(9, 7, seed=seed).to(device) for seed in (0, 1))
        with Disturbed(Noise(sign)):
            return (a * b + a.sum(0)).cpu()

    expected = disturbed("cpu")
    with pretending():
        assert torch.equal(disturbed(DEVICE), expected)
        assert not torch.equal(disturbed(DEVICE, sign=-1), expected)
