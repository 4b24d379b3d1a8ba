"""Every hand-written update rule against its torch.optim class: one table, in both precisions.

Both get the same gradients, and their parameters are compared after every iteration. They may
differ by `TOLERANCE` times the largest number the tensor has held: the rounding that accumulates
when the same operations run in another order. Measured: all are identical, except RMSprop without
momentum and Adafactor, which differ by up to 4e-7 in float32 and 1e-15 in float64.
"""

import functools
import importlib
import inspect
import sys
import types
import unittest

import pytest
import torch

from descent import model
from descent.optimizers.scratch.asgd import asgd
from descent.optimizers.signatures import SCRATCH
from descent.optimizers.step import bind, make_step
from descent.training.epoch import train_epoch
from descent.training.networks import Layers
from descent.training.orders import draw
from networks import make_data

torch.set_num_threads(1)  # the tensors are tiny: more threads would only wait

ITERATIONS = 60
N_SEEDS = 2
SIZES = [16, 7, 4]
TOLERANCE = {torch.float32: 1e-6, torch.float64: 2e-15}

DECAY = {"weight_decay": 0.1}
UP = {"maximize": True}
DECOUPLED = {"weight_decay": 0.1, "decoupled_weight_decay": True}

#: Maps each update rule to its torch.optim class and the options that both are tried with.
TABLE = {
    "sgd": ("SGD", [{"lr": 0.0}, {"lr": 0.1}]),
    "sgd_momentum": (
        "SGD",
        [{"lr": lr, "momentum": mu} for lr, mu in ((0.3, 0.0), (0.01, 0.9), (0.1, 0.99))],
    ),
    "dampened_momentum": (
        "SGD",
        [
            {},
            {"lr": 0.1, "momentum": 0.9, "dampening": 0.9},
            {"momentum": 0.9, "dampening": 0.3, **DECAY},
            {"momentum": 0.9, **DECAY, **UP},
        ],
    ),
    "nesterov": (
        "SGD",
        [{"momentum": 0.9}, {"lr": 0.1, "momentum": 0.5, **DECAY}, {"momentum": 0.9, **UP}],
    ),
    "adagrad": (
        "Adagrad",
        [
            {},
            {"lr": 0.1, "lr_decay": 0.1, **DECAY},
            {"initial_accumulator_value": 0.1, "eps": 1e-3, **UP},
        ],
    ),
    "rmsprop": (
        "RMSprop",
        [
            {},
            {"alpha": 0.9, "eps": 1e-3, **DECAY},
            {"centered": True},
            {"momentum": 0.9},
            {"momentum": 0.5, "centered": True, **DECAY, **UP},
        ],
    ),
    "adam": (
        "Adam",
        [
            {},
            {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3},
            DECAY,
            {"amsgrad": True, "betas": (0.9, 0.9)},
            DECOUPLED,
            {"amsgrad": True, **DECAY, **UP},
        ],
    ),
    "adamw": (
        "AdamW",
        [
            {},
            {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3},
            DECAY,
            {"amsgrad": True, "betas": (0.9, 0.9)},
            {"amsgrad": True, **DECAY, **UP},
        ],
    ),
    "adamax": ("Adamax", [{}, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3}, {**DECAY, **UP}]),
    "nadam": (
        "NAdam",
        [{}, {"betas": (0.5, 0.9), "eps": 1e-3}, {"momentum_decay": 0.1, **DECAY, **UP}, DECOUPLED],
    ),
    "radam": (
        "RAdam",
        [{}, {"betas": (0.5, 0.9), "eps": 1e-3}, {**DECAY, **UP}, DECOUPLED],
    ),
    "adadelta": ("Adadelta", [{}, {"lr": 0.1, "rho": 0.5, "eps": 1e-3}, {**DECAY, **UP}]),
    "rprop": ("Rprop", [{}, {"etas": (0.3, 1.5), "step_sizes": (1e-4, 0.02)}, UP]),
    "asgd": (
        "ASGD",
        [{}, {"lambd": 0.1, "alpha": 0.6, "t0": 20}, {"lr": 0.1, **DECAY, **UP}],
    ),
    "adafactor": (
        "Adafactor",
        [
            {},
            {"lr": 1.0, "beta2_decay": -0.5, "d": 2.0},
            {"eps": (0.1, 0.1), **DECAY, **UP},
        ],
    ),
    "muon": (
        "Muon",
        [
            {},
            {"lr": 0.1, "momentum": 0.5, "nesterov": False, "weight_decay": 0},
            {"adjust_lr_fn": "match_rms_adamw", "ns_steps": 3, "eps": 0.1},
            {"adjust_lr_fn": "spectral_unclamped", "ns_coefficients": (2, -1.5, 0.5)},
        ],
    ),
}
CASES = [
    pytest.param(
        rule, options, marks=pytest.mark.new_torch if (rule, options) == ("adam", DECOUPLED) else ()
    )
    for rule, (_, sets) in TABLE.items()
    for options in sets
]


def initial(dtype):
    random = [torch.Generator().manual_seed(seed) for seed in range(N_SEEDS)]
    return [parameter.detach().to(dtype) for parameter in model.initialize(SIZES, random)]


def random_gradients(dtype):
    random = torch.Generator().manual_seed(1)
    shapes = [parameter.shape for parameter in initial(dtype)]
    return [
        [torch.randn(shape, generator=random, dtype=dtype) for shape in shapes]
        for _ in range(ITERATIONS)
    ]


def sparse_gradients(dtype):
    random = torch.Generator().manual_seed(2)
    return [
        [g * (torch.rand(g.shape, generator=random) < 0.05) for g in gradients]
        for gradients in random_gradients(dtype)
    ]


def zero_gradients(dtype):
    return [[torch.zeros_like(g) for g in gradients] for gradients in random_gradients(dtype)]


def huge_gradients(dtype):
    """Of which the squares are near the largest number."""
    scale = torch.finfo(dtype).max ** 0.5 / 1e3
    return [[scale * g for g in gradients] for gradients in random_gradients(dtype)]


def real_gradients(dtype):
    """Those of a small network that learns, with plain SGD."""
    data = make_data(n_pixels=SIZES[0])
    parameters = [parameter.requires_grad_() for parameter in initial(dtype)]
    orders = [torch.Generator().manual_seed(seed) for seed in range(N_SEEDS)]
    step = make_step("torch.optim.SGD", parameters, {"lr": 0.1})
    recorded = []

    def record(gradients):
        recorded.append([gradient.clone() for gradient in gradients])
        step(gradients)

    while len(recorded) < ITERATIONS:
        train_epoch(Layers(parameters), record, data, draw(orders, len(data.train_images)), 16)
    return recorded[:ITERATIONS]


KINDS = [real_gradients, random_gradients, sparse_gradients, zero_gradients, huge_gradients]


@functools.cache
def gradients_of(kinds, dtype):
    """Stack the gradients of some kinds, as if they were of more seeds."""
    return [
        [torch.cat(together) for together in zip(*iteration, strict=True)]
        for iteration in zip(*(kind(dtype) for kind in kinds), strict=True)
    ]


def differences(rule, options, kinds, dtype, schedule=None):
    """Find the largest difference from torch for each kind of gradients.

    That is over all iterations, relative to the tensor.
    """
    extra = {"nesterov": True} if rule == "nesterov" else {}
    ours, theirs = ([torch.cat([p] * len(kinds)) for p in initial(dtype)] for _ in range(2))
    steps = (
        make_step(f"scratch.{rule}", ours, options),
        make_step(f"torch.optim.{TABLE[rule][0]}", theirs, {**options, **extra}),
    )

    def by_kind(tensor):
        return tensor.reshape(len(kinds), -1)

    scales = [by_kind(parameter).abs().amax(1) for parameter in theirs]
    largest = torch.zeros(len(kinds), dtype=dtype)
    for iteration, given in enumerate(gradients_of(tuple(kinds), dtype)):
        changed = {"lr": schedule(iteration)} if schedule else {}
        for step in steps:
            step([gradient.clone() for gradient in given], **changed)
        scales = [
            torch.fmax(scale, by_kind(p).abs().amax(1))
            for scale, p in zip(scales, theirs, strict=True)
        ]
        for one, other, scale in zip(ours, theirs, scales, strict=True):
            if not torch.equal(one, other):
                finite = other.isfinite()  # torch's Muon overflows with huge gradients in float64
                assert torch.equal(one.isfinite(), finite)
                distance = by_kind(torch.where(finite, one - other, 0)).abs() / scale[:, None]
                largest = torch.fmax(largest, distance.amax(1))
    return {kind.__name__: size.item() for kind, size in zip(kinds, largest, strict=True)}


@pytest.fixture
def dtype(request):
    """Make it torch's default type: that of some numbers that torch's optimizers keep."""
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(torch.float32)


in_both_precisions = pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64], indirect=True, ids=str
)


@in_both_precisions
@pytest.mark.parametrize(("rule", "options"), CASES, ids=str)
def test_rule_agrees_with_torch_at_every_iteration(rule, options, dtype):
    found = differences(rule, options, KINDS, dtype)
    assert {kind: size for kind, size in found.items() if size > TOLERANCE[dtype]} == {}


@in_both_precisions
@pytest.mark.parametrize("rule", TABLE)
def test_rule_agrees_with_torch_when_the_learning_rate_changes(rule, dtype):
    [found] = differences(
        rule,
        TABLE[rule][1][-1],
        [real_gradients],
        dtype,
        lambda iteration: 0.1 / (1 + iteration % 7),
    ).values()
    assert found <= TOLERANCE[dtype]


@pytest.fixture
def torchs_table(monkeypatch):
    """The configurations that torch tests its own optimizers in; that module needs `expecttest`."""
    stub = types.SimpleNamespace(TestCase=unittest.TestCase)
    monkeypatch.setitem(sys.modules, "expecttest", sys.modules.get("expecttest", stub))
    table = pytest.importorskip("torch.testing._internal.common_optimizers", exc_type=ImportError)
    return [
        (info.optim_cls, case.kwargs)
        for info in table.optim_db
        for case in info.optim_inputs_func(device="cpu")
    ]


@pytest.mark.slow  # it imports what torch tests itself with
@pytest.mark.new_torch
@pytest.mark.parametrize("dtype", [torch.float64], indirect=True, ids=str)
def test_rule_agrees_with_torch_for_any_shape_in_the_configurations_of_torchs_tests(
    torchs_table, dtype
):
    """Rules take all of these options; how torch computes (foreach, ...) is none of them.

    Muon takes matrices. LBFGS needs a closure and SparseAdam sparse gradients: they have no rule.
    """
    differ, tried = [], set()
    for cls, options in torchs_table:
        if cls in (torch.optim.LBFGS, torch.optim.SparseAdam):
            continue
        rule = "dampened_momentum" if cls is torch.optim.SGD else cls.__name__.lower()
        own = dict(options)
        if own.pop("nesterov", False):
            rule = "nesterov"
        tried.add(rule)
        shapes = [(4, 3), (3, 4)] if rule == "muon" else [(), (5,), (4, 3), (3, 2, 4), (2, 3, 4, 5)]
        module = importlib.import_module(f"descent.optimizers.scratch.{rule}")
        far = distance(getattr(module, rule), own, cls, options, shapes, dtype)
        if far > TOLERANCE[dtype]:
            differ.append((rule, options, far))
    assert differ == []
    assert tried == TABLE.keys() - {"sgd", "sgd_momentum"}


def distance(rule, own, cls, options, shapes, dtype):
    """Measure the largest difference after some steps, relative to the tensor."""
    random = torch.Generator().manual_seed(0)

    def draw():
        return [torch.randn(shape, generator=random, dtype=dtype) for shape in shapes]

    ours = draw()
    theirs = [parameter.clone() for parameter in ours]
    steps = bind(rule, ours, own), bind(cls, theirs, options)
    for _ in range(20):
        gradients = draw()
        for step in steps:
            step([gradient.clone() for gradient in gradients])
    return max(
        ((one - other.detach()).abs().max() / other.detach().abs().max()).item()
        for one, other in zip(ours, theirs, strict=True)
    )


def test_a_changed_learning_rate_is_used():
    for optimizer in ("scratch.sgd", "torch.optim.SGD"):
        parameters = [torch.zeros(1, 1, 1), torch.zeros(1, 1, 1)]
        step = make_step(optimizer, parameters, {"lr": 1.0})
        step([torch.ones(1, 1, 1)] * 2)
        step([torch.ones(1, 1, 1)] * 2, lr=0.25)
        assert parameters[0].item() == -1.25


def test_asgd_averages_the_weights_from_t0_on():
    random = torch.Generator().manual_seed(0)
    weights, state, visited = torch.zeros(5), {}, []
    for _ in range(9):
        asgd([weights], [torch.randn(5, generator=random)], state, lr=0.1, t0=3)
        visited.append(weights.clone())
    torch.testing.assert_close(state["averages"][0], torch.stack(visited[4:]).mean(0))


def test_every_rule_is_in_the_table():
    assert sorted(TABLE) == sorted(file.stem for file in SCRATCH.glob("[!_]*.py"))


@pytest.mark.new_torch
@pytest.mark.parametrize("rule", [rule for rule in TABLE if TABLE[rule][0] != "SGD"])
def test_rule_has_the_options_and_defaults_of_torch(rule):
    function = getattr(importlib.import_module(f"descent.optimizers.scratch.{rule}"), rule)
    ours = list(inspect.signature(function).parameters.values())[3:]
    theirs = inspect.signature(getattr(torch.optim, TABLE[rule][0])).parameters
    how = {"params", "foreach", "capturable", "differentiable", "fused"}  # how torch computes
    assert {option.name: option.default for option in ours} == {
        name: option.default for name, option in theirs.items() if name not in how
    }


@pytest.mark.parametrize(
    "optimizer",
    [
        f"{kind}.{name}"
        for rule, (cls, _) in TABLE.items()
        for kind, name in (("scratch", rule), ("torch.optim", cls))
    ],
)
def test_a_seed_has_the_same_bits_in_a_stack_and_alone(optimizer):
    options = {"lr": 0.01, "momentum": 0.9} if optimizer.endswith("sgd_momentum") else {"lr": 0.01}
    gradients = gradients_of((real_gradients,), torch.float32)
    together, alone = (initial(torch.float32) for _ in range(2))
    step = make_step(optimizer, together, options)
    for given in gradients:
        step([gradient.clone() for gradient in given])
    for seed in range(N_SEEDS):
        one = [parameter[seed : seed + 1] for parameter in alone]
        step = make_step(optimizer, one, options)
        for given in gradients:
            step([gradient[seed : seed + 1].clone() for gradient in given])
        for a, b in zip(together, one, strict=True):
            assert torch.equal(a[seed], b[0])
    assert not torch.equal(together[0][0], together[0][1])
