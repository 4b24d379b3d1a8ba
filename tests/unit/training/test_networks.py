"""Networks by their configuration: layers, and modules that are nothing but layers."""

from dataclasses import replace

import pytest
import torch

from descent.training.modules import Modules
from descent.training.networks import Layers, can_be_stacked, make_networks
from networks import MOMENTUM, TRAINING, bits, make_data, run

MLP = {"module": "descent.models.mlp", "hidden": [20, 20]}
LINEAR = {"module": "descent.models.linear"}
LENET = {"module": "descent.models.lenet"}


def make(model, seeds=(0, 1), n_pixels=64):
    training = replace(TRAINING, model=model, hidden=None if model else [20, 20])
    return make_networks(training, make_data(n_pixels=n_pixels), "v", seeds)


def test_the_kind_of_a_network():
    assert isinstance(make(None), Layers)
    assert make(None).names == ["W0", "b0", "W1", "b1", "W2", "b2"]
    assert isinstance(make(MLP), Layers)
    assert make(LINEAR).names == ["linear.weight", "linear.bias"]
    lenet = make(LENET, n_pixels=144)
    assert isinstance(lenet, Modules) and "conv1.weight" in lenet.names
    of = [can_be_stacked(replace(TRAINING, model=model)) for model in (None, MLP, LINEAR, LENET)]
    assert of == [True, True, True, False]


def test_a_module_of_layers_starts_as_the_lab_does():
    """The same weights as of hidden layers, drawn from the same stream."""
    for mine, theirs in zip(make(MLP).parameters, make(None).parameters, strict=True):
        assert torch.equal(mine, theirs)
    as_in_torch = make({**MLP, "initialization": "torch"}).parameters
    bound = as_in_torch[0].shape[2] ** -0.5  # of nn.Linear: uniform in [-bound, bound]
    assert 0.9 * bound < as_in_torch[0].abs().max() <= bound
    assert 0 < as_in_torch[1].abs().max() <= bound


def test_a_module_of_layers_trains_as_hidden_layers_do():
    data = make_data()
    ours = run(data, MOMENTUM, [0, 1, 2], model=MLP)
    theirs = run(data, MOMENTUM, [0, 1, 2])
    assert [bits(one)[:5] for one in ours] == [bits(one)[:5] for one in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert all(map(torch.equal, mine.parameters.values(), other.parameters.values()))


@pytest.mark.parametrize("initialization", ["lab", "torch"])
@pytest.mark.parametrize("model", [MLP, LINEAR])
def test_a_stack_of_layers_has_the_bits_of_each(model, initialization):
    data, model = make_data(), {**model, "initialization": initialization}
    together = run(data, MOMENTUM, [0, 1, 2], model=model)
    alone = [one for seed in range(3) for one in run(data, MOMENTUM, [seed], model=model)]
    assert list(map(bits, together)) == list(map(bits, alone))
    assert bits(together[0])[2:] != bits(together[1])[2:]
