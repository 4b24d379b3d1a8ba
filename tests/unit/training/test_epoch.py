"""The cost of training, in counts that are the same on every machine; see benchmarks/ for times."""

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from descent import model
from descent.optimizers.spec import split_settings
from descent.optimizers.step import make_step
from descent.training import epoch
from descent.training.epoch import train_epoch
from descent.training.networks import Layers
from descent.training.orders import draw
from descent.training.seeding import generator
from networks import MOMENTUM, SGD, make_data
from pretended import DEVICE, pretending


def operator_calls(settings, n_seeds, n_images):
    """Count the calls of torch's operators in one epoch, those within others left out."""
    data = make_data(n_train=n_images)
    generators = [generator(0, "order", "v", seed) for seed in range(n_seeds)]
    parameters = model.initialize([64, 20, 20, 4], generators)
    optimizer, hyperparameters = split_settings(settings)
    step = make_step(optimizer, parameters, hyperparameters)
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        train_epoch(Layers(parameters), step, data, draw(generators, n_images), 32)
    return sum(
        event.name.startswith("aten::")
        and not (event.cpu_parent and event.cpu_parent.name.startswith("aten::"))
        for event in recorded.events()
    )


@pytest.mark.parametrize(("settings", "most"), [(SGD, 56), (MOMENTUM, 68)])
def test_operator_calls_of_an_iteration(settings, most):
    """Five seeds cost as many calls as one, and no change adds calls unnoticed."""
    calls = {
        n_seeds: (operator_calls(settings, n_seeds, 640) - operator_calls(settings, n_seeds, 320))
        / 10
        for n_seeds in (1, 5)
    }
    assert calls[1] == calls[5]
    assert calls[5] <= most


def test_mapped_pixels_take_one_byte():
    assert make_data().train_images.dtype == torch.uint8


def test_weighted_losses_have_the_bits_of_their_sum(monkeypatch):
    """They take its place on a GPU; with weights of another size they would not."""
    data, generators = make_data(), [generator(0, "order", "v", seed) for seed in range(3)]
    parameters = model.initialize([64, 20, 20, 4], generators)
    images, labels = next(epoch.mini_batches(data, draw(generators, 300), 32))
    _, expected = epoch.differentiate(Layers(parameters), images, labels)
    with pretending():
        away = Layers([tensor.detach().to(DEVICE).requires_grad_() for tensor in parameters])
        _, found = epoch.differentiate(away, images.to(DEVICE), labels.to(DEVICE))
        assert all(map(torch.equal, [gradient.cpu() for gradient in found], expected))
        wrong = torch.full_like
        monkeypatch.setattr(torch, "full_like", lambda losses, _: wrong(losses, 1 / 31))
        _, found = epoch.differentiate(away, images.to(DEVICE), labels.to(DEVICE))
        assert not any(map(torch.equal, [gradient.cpu() for gradient in found], expected))
