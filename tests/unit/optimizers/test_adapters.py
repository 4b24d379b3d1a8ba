"""Optimizers of other frameworks; each test needs its framework, and is left out without it."""

import os
import subprocess
import sys

import pytest
import torch

from configurations import PROJECT
from descent.errors import RuleError
from descent.optimizers.step import make_step
from descent.parity.check import check
from networks import bits, make_data, run

#: An optimizer of each framework that remembers something, and torch's like it.
LIKE_TORCH = {
    "optax": ("optax:sgd", "torch.optim.SGD", {"lr": 0.01, "momentum": 0.9}),
    "keras": ("keras.optimizers:SGD", "torch.optim.SGD", {"lr": 0.01, "momentum": 0.9}),
}

CHAIN = """
import optax


def clipped(learning_rate, limit):
    return optax.chain(optax.clip(limit), optax.sgd(learning_rate, momentum=0.9))


def halving(lr):
    if lr > 0.05:  # looks at the value of its learning rate
        lr = lr / 2
    return optax.sgd(lr)
"""


@pytest.fixture(params=sorted(LIKE_TORCH))
def like_torch(request):
    need(request.param)
    return LIKE_TORCH[request.param]


def need(framework):
    """Leave the test out if a framework is not installed."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    pytest.importorskip(framework)


def steps(optimizer, hyperparameters, dtype=torch.float64, rates=(None, None, None)):
    """Take some steps on two networks, and return their parameters."""
    random = torch.Generator().manual_seed(0)
    parameters = [torch.randn(2, *shape, generator=random, dtype=dtype) for shape in ((3, 4), (3,))]
    step = make_step(optimizer, parameters, hyperparameters)
    for rate in rates:
        gradients = [torch.randn(p.shape, generator=random, dtype=dtype) for p in parameters]
        step(gradients, **({} if rate is None else {"lr": rate}))
    return parameters


def test_frameworks_are_imported_by_whoever_names_them_only():
    script = (
        "import sys, descent, descent.optimizers.step\n"
        "print({'jax', 'optax', 'keras'} & {*sys.modules})"
    )
    environment = {"PYTHONPATH": str(PROJECT / "src")}
    process = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "set()"


def test_five_seeds_together_have_the_bits_of_each_alone(like_torch):
    name, _, hyperparameters = like_torch
    settings, data = {"optimizer": name, **hyperparameters}, make_data()
    together = run(data, settings, [0, 1, 2], epochs=1)
    alone = [run(data, settings, [seed], epochs=1)[0] for seed in range(3)]
    assert [bits(one) for one in together] == [bits(one) for one in alone]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_steps_are_those_of_torch_in_either_precision(like_torch, dtype):
    name, reference, hyperparameters = like_torch
    ours, theirs = (steps(each, hyperparameters, dtype) for each in (name, reference))
    tolerance = 1e-6 if dtype == torch.float32 else 1e-14
    for own, other in zip(ours, theirs, strict=True):
        assert own.dtype == dtype
        torch.testing.assert_close(own, other, rtol=tolerance, atol=tolerance)


def test_the_learning_rate_may_change(like_torch):
    name, reference, hyperparameters = like_torch
    plain = {"lr": hyperparameters["lr"]}
    ours, theirs = (steps(each, plain, rates=(0.1, 0.0, 0.3)) for each in (name, reference))
    for own, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-14, atol=1e-14)


def test_what_it_remembers_is_kept_in_a_checkpoint(like_torch, tmp_path):
    name, _, hyperparameters = like_torch
    settings, data = {"optimizer": name, **hyperparameters}, make_data()
    options = {"checkpoint_folder": tmp_path, "identity": {}}
    whole = run(data, settings, [0], epochs=2)
    run(data, settings, [0], epochs=1, **options)
    assert list(tmp_path.iterdir())
    resumed = run(data, settings, [0], epochs=2, **options)
    assert bits(whole[0]) == bits(resumed[0])


def test_a_missing_hyperparameter_is_named(like_torch):
    name, _, hyperparameters = like_torch
    with pytest.raises(
        RuleError, match="speed: the rule takes no speed here; it takes learning_rate"
    ):
        make_step(name, [torch.zeros(1, 2, 2)], hyperparameters | {"speed": 1})


def test_a_chain_in_a_file_is_its_formula(write):
    need("optax")
    file = write(CHAIN)
    ours = steps(f"{file}:clipped", {"lr": 0.1, "limit": 0.5})
    random = torch.Generator().manual_seed(0)
    weights = [torch.randn(2, *s, generator=random, dtype=torch.float64) for s in ((3, 4), (3,))]
    velocity = [0 * weight for weight in weights]
    for _ in range(3):
        for index, weight in enumerate(weights):
            gradient = torch.randn(weight.shape, generator=random, dtype=torch.float64)
            velocity[index] = 0.9 * velocity[index] + gradient.clamp(-0.5, 0.5)
            weight -= 0.1 * velocity[index]
    for own, other in zip(ours, weights, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-14, atol=1e-14)


def test_a_transformation_may_look_at_its_learning_rate(write):
    need("optax")
    ours = steps(f"{write(CHAIN)}:halving", {"lr": 0.1})
    for own, other in zip(ours, steps("torch.optim.SGD", {"lr": 0.05}), strict=True):
        torch.testing.assert_close(own, other, rtol=1e-14, atol=1e-14)


@pytest.mark.slow
def test_a_function_is_given_as_it_is():
    need("optax")
    import optax

    report = check(optax.sgd, torch.optim.SGD, {"lr": 0.01}, iterations=5)
    assert report.verdict == "identical"
    assert "taken as a gradient transformation of optax; learning_rate is lr" in report.remarks


def test_what_needs_more_than_gradients_says_so():
    need("optax")
    with pytest.raises(RuleError, match="polyak_sgd needs more than gradients"):
        make_step("optax:polyak_sgd", [torch.zeros(1, 2, 2)], {})


def test_another_backend_of_keras_is_refused(monkeypatch):
    need("keras")
    import keras

    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(RuleError, match=r"computes with jax .* KERAS_BACKEND=torch"):
        make_step("keras.optimizers:SGD", [torch.zeros(1, 2, 2)], {"lr": 0.1})


def test_an_optimizer_of_keras_may_begin_with_the_parameters():
    """The iterate z of schedule-free AdamW does: a second network must not get that of another."""
    need("keras")
    alone = steps("keras.optimizers:ScheduleFreeAdamW", {"lr": 0.1})
    make = make_step  # of networks with the same shapes, but other values
    other = [torch.randn(2, 3, 4, dtype=torch.float64), torch.randn(2, 3, dtype=torch.float64)]
    make("keras.optimizers:ScheduleFreeAdamW", other, {"lr": 0.1})(
        [torch.ones_like(p) for p in other]
    )
    again = steps("keras.optimizers:ScheduleFreeAdamW", {"lr": 0.1})
    assert all(map(torch.equal, alone, again))
    assert alone[0].sub(steps("torch.optim.SGD", {"lr": 0.0})[0]).abs().max() < 0.5
