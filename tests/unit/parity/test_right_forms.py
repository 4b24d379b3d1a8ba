"""The forms of benchmarks/right_forms.py are right, as far as float64 can tell."""

import functools
import importlib.util
import inspect
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
SPEC = importlib.util.spec_from_file_location("right_forms", BENCHMARKS / "right_forms.py")
forms = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(forms)

ITERATIONS, FEWER = 50, 12
SHAPES = ((4, 3), (3,), (3,), (), (2, 3, 2, 2))
MATRICES = ((4, 3), (3, 5), (3, 3))
TOLERANCE, MUON_NOISE = 1e-9, 0.25

#: Settings that are added for the second of two runs, as far as a form has the options.
OTHERS = {
    "lr": 0.3,
    "weight_decay": 0.1,
    "maximize": True,
    "amsgrad": True,
    "centered": True,
    "momentum": 0.6,
    "dampening": 0.2,
    "betas": (0.7, 0.95),
    "alpha": 0.8,
    "rho": 0.8,
    "eps": 1e-3,
    "lr_decay": 0.1,
    "initial_accumulator_value": 0.5,
    "momentum_decay": 0.1,
    "decoupled_weight_decay": True,
    "lambd": 0.01,
    "t0": 20,
    "beta2_decay": -0.6,
    "d": 1.5,
    "etas": (0.4, 1.5),
    "step_sizes": (1e-3, 2),
    "adjust_lr_fn": "match_rms_adamw",
}


@pytest.fixture(autouse=True)
def double_and_one_thread():
    """Torch then keeps its own scalars, such as NAdam's product, in float64, too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(threads)


def settings_of(form, reference, changes):
    """Return the settings of the form and of its reference."""
    changes = {**form.settings, **changes}
    if form.reference.endswith("Adafactor") and "eps" in changes:
        changes["eps"] = (1e-3, 1e-2)
    own, theirs = (
        inspect.signature(rule).parameters for rule in (getattr(forms, form.name), reference)
    )
    changes = {key: value for key, value in changes.items() if key in theirs}
    if "nesterov" in form.settings:
        changes["dampening"] = 0
    taken = {key: value for key, value in changes.items() if key in own}
    fixed = {key: value for key, value in form.settings.items() if key not in own}
    return taken, fixed | taken


@functools.cache
def gradients(shapes, kind, iterations):
    random = torch.Generator().manual_seed(0)
    drawn = [[torch.randn(shape, generator=random) for shape in shapes] for _ in range(iterations)]
    if kind == "extreme":  # huge and tiny ones, zeros and sparse ones
        for t, tensors in enumerate(drawn):
            for g in tensors:
                g.mul_([1e12, 1e-14, 0, 1][t % 4])
                g.mul_(torch.rand(g.shape, generator=random) < 0.3)
    return drawn


def train(rule, settings, shapes, kind, iterations, skip=False, change=None):
    """Train; a class has gradient buffers that are used again, and sometimes no gradient."""
    random = torch.Generator().manual_seed(1)
    parameters = [torch.randn(shape, generator=random) for shape in shapes]
    buffers = [torch.empty(shape) for shape in shapes]
    state, taken = {}, []
    is_class = isinstance(rule, type)
    if is_class:
        optimizer = rule([p.requires_grad_() for p in parameters], **settings)
    for t, drawn in enumerate(gradients(shapes, kind, iterations)):
        if change and t == iterations // 2:
            settings = settings | change
            if is_class:
                optimizer.param_groups[0].update(change)
        for buffer, g in zip(buffers, drawn, strict=True):
            buffer.copy_(g)
        if is_class:
            for i, (p, buffer) in enumerate(zip(parameters, buffers, strict=True)):
                p.grad = None if skip and (t + i) % 3 == 0 else buffer
            assert optimizer.step(lambda: 5.0) == 5.0
        else:
            with torch.no_grad():
                rule(parameters, buffers, state, **settings)
        taken.append([p.detach().clone() for p in parameters])
    return [torch.stack(tensors) for tensors in zip(*taken, strict=True)]


REFERENCES = {}


def train_reference(reference, settings, *conditions):
    key = (reference, repr((settings, conditions)))
    if key not in REFERENCES:
        REFERENCES[key] = train(reference, settings, *conditions)
    return REFERENCES[key]


def error(form, changes, kind, iterations=ITERATIONS, change=None):
    """Return the largest difference, relative to the largest magnitude so far, or to Muon's noise.

    Muon orthogonalizes in bfloat16, which has 8 bits, and small singular values amplify the noise.
    """
    reference = getattr(torch.optim, form.reference.rpartition(".")[2])
    ours, theirs = settings_of(form, reference, changes)
    is_muon = form.reference.endswith("Muon")
    skip = bool(changes) and isinstance(getattr(forms, form.name), type)
    conditions = (MATRICES if is_muon else SHAPES, kind, iterations, skip, change)
    errors = []
    for one, other in zip(
        train(getattr(forms, form.name), ours, *conditions),
        train_reference(reference, theirs, *conditions),
        strict=True,
    ):
        apart = (one - other).abs().reshape(iterations, -1).amax(1)
        if is_muon:
            rate = (change or ours).get("lr", ours["lr"])
            scale = MUON_NOISE / TOLERANCE * rate * torch.arange(1, iterations + 1).sqrt()
        else:
            scale = other.abs().reshape(iterations, -1).amax(1).cummax(0).values
        errors.append((apart / scale).max())
    return torch.stack(errors).max().item()


def wrong(rule, *arguments, **conditions):
    """Compare all forms of a rule; return the errors of those that are wrong."""
    errors = {
        form.name: error(form, *arguments, **conditions)
        for form in forms.FORMS
        if forms.RULE_OF[form.name] == rule
    }
    return {name: off for name, off in errors.items() if not off < TOLERANCE}


each_rule = pytest.mark.parametrize("rule", forms.RULES)


@each_rule
def test_equal_torch(rule):
    assert not wrong(rule, {}, "normal")


@each_rule
def test_equal_torch_with_every_option(rule):
    assert not wrong(rule, OTHERS, "normal")


@each_rule
def test_equal_torch_on_zeros_and_extremes(rule):
    assert not wrong(rule, {}, "extreme", FEWER)


def test_only_the_named_hyperparameters_must_stay_constant():
    for form in forms.FORMS:
        if not form.constant or "Muon" in form.reference:  # Muon's noise would hide the change
            continue
        options = inspect.signature(getattr(forms, form.name)).parameters
        for name in {"lr", "momentum", "betas", "alpha", "rho"} & options.keys():
            off = error(form, {"momentum": 0.8}, "normal", FEWER, change={name: OTHERS[name]})
            assert (off > TOLERANCE) == (name in form.constant.split()), (form.name, name)


def test_every_rule_has_at_least_four_forms():
    rules = [forms.RULE_OF[form.name] for form in forms.FORMS]
    assert len(set(rules)) == 16
    assert min(map(rules.count, rules)) >= 4
