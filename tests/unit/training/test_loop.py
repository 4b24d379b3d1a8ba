"""Training a stack of seeds: the numbers of each do not depend on the others."""

import functools
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from descent import model
from descent.data.prepared import PreparedData, hold_out, normalize
from descent.training import loop, seeding
from descent.training.seeding import generator, validation_generator
from networks import MOMENTUM, SGD, TORCH, bits, make_data, run


@pytest.mark.parametrize("settings", [SGD, MOMENTUM, TORCH])
@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"hidden": (100, 100), "batch_size": 128},
        {"hidden": (7,), "batch_size": 15},  # slices with different alignment
        {"batch_size": 23},  # the last mini-batch has one image
        {"hidden": (1, 5)},
        {"evaluation_batch_size": 59},  # the last batch has one image
        {"evaluation_batch_size": 1},
        {"threads": 2},
    ],
    ids=str,
)
def test_a_seed_has_the_same_bits_whatever_trains_beside_it(settings, shape):
    data = make_data(n_pixels=63)
    together = run(data, settings, [0, 1, 2, 3, 4], **shape)
    in_blocks = run(data, settings, [0, 1], **shape) + run(data, settings, [4, 3, 2], **shape)
    alone = [one for seed in range(5) for one in run(data, settings, [seed], **shape)]
    in_blocks.sort(key=lambda one: one.seed)
    for a, b, c in zip(together, in_blocks, alone, strict=True):
        assert bits(a) == bits(b) == bits(c)
    assert bits(together[0])[1:] != bits(together[1])[1:]


@pytest.mark.parametrize("settings", [SGD, MOMENTUM])
def test_training_is_the_literal_loop(settings):
    """The same run in float64: one network, one image after the other, rules written out."""
    data = make_data(n_train=70)
    [result] = run(data, settings, [5], variant="literal")
    weights = model.initialize([64, 20, 20, 4], [generator(0, "initialization", "literal", 5)])
    weights = [w[0].detach().double().requires_grad_() for w in weights]
    velocity = [torch.zeros_like(w) for w in weights]
    order = generator(0, "order", "literal", 5)
    losses, accuracies = [], []
    for _ in range(2):
        shuffled = torch.randperm(70, generator=order).tolist()
        for start in range(0, 70, 32):
            batch = shuffled[start : start + 32]
            loss, correct = 0, 0
            for index in batch:
                w0, b0, w1, b1, w2, b2 = weights
                x = (data.train_images[index].double()[:, None] / 255 - 0.5) / 0.157
                hidden = torch.relu(w1 @ torch.relu(w0 @ x + b0[:, None]) + b1[:, None])
                logits = w2 @ hidden + b2[:, None]
                label = data.train_labels[index]
                loss = loss + F.cross_entropy(logits.T, label[None]) / len(batch)
                correct += (logits.argmax() == label).item()
            losses.append(loss.item())
            accuracies.append(correct / len(batch))
            gradients = torch.autograd.grad(loss, weights)
            with torch.no_grad():
                for w, g, v in zip(weights, gradients, velocity, strict=True):
                    v.copy_(settings.get("momentum", 0) * v + g)
                    w.copy_(w - settings["lr"] * v)
    np.testing.assert_allclose(result.iterations["train_loss"], losses, rtol=1e-4)
    np.testing.assert_allclose(result.iterations["train_accuracy"], accuracies, rtol=1e-6)
    for w, trained in zip(weights, result.parameters.values(), strict=True):
        torch.testing.assert_close(
            trained.double(), w.detach().reshape(trained.shape), rtol=1e-3, atol=1e-5
        )


#: What a variant may say about training, over the 20 iterations of two epochs.
WARM_UP = [
    {"name": "LinearLR", "start_factor": 0.1, "total_iters": 5, "per": "iteration"}
    | {"iterations": 5},
    {"name": "CosineAnnealingLR", "T_max": 15, "per": "iteration"},
]
REGIME = {
    "lr_scheduler": WARM_UP,
    "gradient_clipping": {"norm": 0.5},
    "groups": [{"parameters": ["b*"], "lr": 0.01}],
}


@pytest.mark.parametrize("settings", [MOMENTUM, TORCH, {"optimizer": "scratch.muon", "lr": 0.1}])
def test_a_seed_has_the_same_bits_with_schedule_clipping_and_groups(settings):
    data = make_data()
    together = run(data, settings | REGIME, [0, 1, 2])
    alone = [one for seed in range(3) for one in run(data, settings | REGIME, [seed])]
    assert list(map(bits, together)) == list(map(bits, alone))
    for left_out in REGIME:
        rest = {key: value for key, value in REGIME.items() if key != left_out}
        assert bits(run(data, settings | rest, [0])[0]) != bits(together[0])


def test_a_rate_of_0_from_the_second_epoch_on_ends_learning():
    """An epoch of the schedule is an epoch of training, whatever is held out."""
    off = {"name": "MultiStepLR", "milestones": [1], "gamma": 0}
    for held_out in (0, 0.2):
        changes = {"batch_size": 7, "validation_fraction": held_out}
        [once] = run(make_data(), SGD, [0], epochs=1, **changes)
        [scheduled] = run(make_data(), SGD | {"lr_scheduler": off}, [0], epochs=3, **changes)
        assert scheduled.iterations_per_epoch == len(once.iterations["train_loss"])
        assert scheduled.test_loss[1] == once.test_loss[1]
        assert len({*scheduled.test_loss[1:]}) == 1 < len({*scheduled.test_loss})


@pytest.mark.parametrize("settings", [SGD, MOMENTUM, TORCH, {"optimizer": "torch.optim.Adam"}])
def test_a_rate_that_grows_without_bound_makes_a_run_diverge(settings):
    growing = {"name": "ExponentialLR", "gamma": 1e30, "per": "iteration"}
    [run_] = run(make_data(), settings | {"lr": 0.1, "lr_scheduler": growing}, [0])
    assert run_.diverged_at_iteration == 3


def test_epoch_zero_is_the_untrained_network():
    data = make_data()
    [result] = run(data, SGD, [0])
    untrained = model.initialize([64, 20, 20, 4], [generator(0, "initialization", "v", 0)])
    test_images = normalize(data.test_images, data.normalization)
    loss, accuracy = model.evaluate(untrained, test_images, data.test_labels, 60)
    assert len(result.test_loss) == len(result.train_seconds) == 3
    assert result.test_loss[0] == pytest.approx(loss.item())
    assert result.test_accuracy[0] == accuracy.item()
    assert result.train_seconds[0] == 0 < result.train_seconds[1]
    assert result.test_accuracy[-1] > 0.9


def test_the_final_parameters_give_the_final_accuracy():
    data = make_data()
    result = run(data, MOMENTUM, [0, 1])[1]
    stacked = [parameter[None] for parameter in result.parameters.values()]
    test_images = normalize(data.test_images, data.normalization)
    loss, accuracy = model.evaluate(stacked, test_images, data.test_labels, 25)
    assert (loss.item(), accuracy.item()) == (result.test_loss[-1], result.test_accuracy[-1])


def test_seconds_are_shared_by_the_seeds_that_train_together(monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr("descent.training.loop.time.perf_counter", lambda: 10 * next(ticks))
    for result in run(make_data(), SGD, [0, 1, 2, 3]):
        assert result.train_seconds == [0, 2.5, 2.5]


def test_a_diverged_run_ends_with_the_iteration_whose_loss_is_not_finite():
    [result] = run(make_data(), {"optimizer": "scratch.sgd", "lr": 1e10}, [0], epochs=3)
    n = len(result.iterations["train_loss"])
    assert result.status() == {"status": "diverged", "diverged_at_iteration": n}
    assert np.isfinite(result.iterations["train_loss"]).tolist() == [True] * (n - 1) + [False]
    assert len(result.iterations["train_accuracy"]) == n < 10
    lists = (result.test_loss, result.test_accuracy, result.train_seconds)
    assert [len(values) for values in lists] == [1, 1, 1]  # only the untrained network
    assert any(weight.isnan().any() for weight in result.parameters.values())


def test_a_run_that_diverges_with_its_last_update_has_diverged():
    """All losses of mini-batches are finite, but that of the test images is not."""
    [result] = run(make_data(), {"optimizer": "scratch.sgd", "lr": 1e30}, [0], batch_size=300)
    assert result.status() == {"status": "diverged", "diverged_at_iteration": 1}
    assert np.isfinite(result.iterations["train_loss"]).all() and len(result.test_loss) == 1


@pytest.mark.parametrize("optimizer", ["scratch.sgd", "torch.optim.SGD"])
def test_a_seed_that_diverges_leaves_the_others_their_bits(optimizer):
    """At this learning rate some seeds diverge, in the first epoch, and others do not."""
    data, settings = make_data(), {"optimizer": optimizer, "lr": 2}
    together = run(data, settings, [0, 1, 2, 3, 4], epochs=3)
    completed = [one for one in together if not one.diverged]
    assert 1 <= len(completed) <= 4
    without = run(data, settings, [one.seed for one in completed], epochs=3)
    for a, b in zip(completed, without, strict=True):
        assert bits(a) == bits(b) and len(a.test_loss) == 4
    for one in together:  # alone, a seed that diverges ends its training
        assert bits(run(data, settings, [one.seed], epochs=3)[0]) == bits(one)


def test_training_ends_when_all_seeds_have_diverged(capsys):
    run(make_data(), {"optimizer": "scratch.sgd", "lr": 1e10}, [0, 1], epochs=50)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["epoch 0/50", "epoch 1/50"]
    assert "diverged diverged" in lines[1]


@pytest.mark.parametrize("threads", [1, 2])
def test_paired_variants_share_initialisation_and_order(threads):
    data, by_hand = make_data(), {**TORCH, "optimizer": "scratch.sgd_momentum"}
    shared = {"seeding": "paired", "threads": threads}
    ours = run(data, by_hand, [0, 1], variant="ours", **shared)
    theirs = run(data, TORCH, [0, 1], variant="theirs", **shared)
    for a, b in zip(ours, theirs, strict=True):
        assert a.iterations["train_loss"][0] == b.iterations["train_loss"][0]
        np.testing.assert_allclose(
            a.iterations["train_loss"][:10], b.iterations["train_loss"][:10], rtol=1e-4
        )
    assert ours[0].iterations["train_loss"][0] != ours[1].iterations["train_loss"][0]
    independent = run(data, by_hand, [0], variant="ours", threads=threads)[0]
    assert independent.iterations["train_loss"][0] != ours[0].iterations["train_loss"][0]


def test_the_forward_pass_of_the_untrained_network_is_timed():
    """The median of 25 passes, of which 13 thus take as long or longer."""
    for batch_size, images in ((25, 25), (256, 60)):
        start = time.perf_counter()
        for result in run(make_data(), SGD, [0, 1], evaluation_batch_size=batch_size, epochs=1):
            assert result.forward_pass["images"] == images
            assert 0 < result.forward_pass["seconds"] < (time.perf_counter() - start) / 13


def test_training_imports_neither_torchvision_nor_plotting():
    code = "import sys, descent.training.loop, descent.data.prepared; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")},
    ).stdout.split()
    assert "torch" in modules
    assert not {"torchvision", "pandas", "matplotlib", "seaborn", "sklearn", "snakemake"} & set(
        modules
    )


def test_validation_images_are_neither_trained_nor_tested_on():
    """The same numbers as training on the remaining images, tested on the held out ones."""
    data = make_data()
    [held_out] = run(data, SGD, [3], validation_fraction=0.2)
    parts = hold_out(data, 0.2, validation_generator(0))
    assert len(parts.validation_images) == 60
    alone = PreparedData(
        parts.train_images,
        parts.train_labels,
        parts.validation_images,
        parts.validation_labels,
        data.normalization,
        data.n_classes,
    )
    [expected] = run(alone, SGD, [3])
    assert held_out.validation_loss == expected.test_loss
    assert held_out.validation_accuracy == expected.test_accuracy
    assert (
        held_out.iterations["train_loss"].tobytes() == expected.iterations["train_loss"].tobytes()
    )
    assert held_out.test_loss != expected.test_loss
    assert expected.validation_loss == [None] * 3


@pytest.mark.parametrize("settings", [SGD, MOMENTUM, TORCH, {"optimizer": "scratch.muon"}])
def test_a_stack_that_is_filled_up_leaves_a_seed_its_bits(settings, monkeypatch):
    """As on a GPU: stacks of four train seven seeds, one after the other."""
    data, seeds = make_data(), [0, 1, 2, 3, 4, 5, 6]
    alone = run(data, settings, seeds)
    sizes = []
    original = loop._begin

    def begin(*arguments):
        started = original(*arguments)
        sizes.append(len(started[0].parameters[0]))
        return started

    monkeypatch.setattr(loop, "_begin", begin)
    monkeypatch.setattr(loop, "_fixed_size", lambda device, stack_size: stack_size)
    assert list(map(bits, run(data, settings, seeds, stack_size=4))) == list(map(bits, alone))
    assert sizes == [4, 4]
    sizes.clear()
    assert list(map(bits, run(data, settings, [3], stack_size=4))) == [bits(alone[3])]
    assert sizes == [4]


def test_what_fills_a_stack_up_must_not_share_its_random_streams(monkeypatch):
    """A mutant: the further networks draw from the generators of the seed itself."""
    expected = run(make_data(), SGD, [0, 1])
    monkeypatch.setattr(loop, "_fixed_size", lambda device, stack_size: stack_size)
    monkeypatch.setattr(seeding, "generator", functools.cache(generator))
    first, last = run(make_data(), SGD, [0, 1], stack_size=3)
    assert bits(first) == bits(expected[0]) and bits(last) != bits(expected[1])


def test_only_a_gpu_has_stacks_of_a_fixed_size():
    assert loop._fixed_size(torch.device("cpu"), 250) is None
    assert loop._fixed_size(torch.device("cuda"), 250) == 250
    default, named = (run(make_data(), SGD, [0, 1], **on) for on in ({}, {"device": "cpu"}))
    assert list(map(bits, default)) == list(map(bits, named))
