"""The included networks, against their formulas in torch's functions."""

import inspect

import pytest
import torch
import torch.nn.functional as F

from descent.models.lenet import LeNet
from descent.models.linear import Linear
from descent.models.mlp import MLP
from descent.models.spec import INCLUDED, MODELS, module_place


def draw_images(shape=(1, 28, 28)):
    return torch.randn(5, *shape, generator=torch.Generator().manual_seed(0))


def test_the_names_are_those_of_the_files():
    assert sorted(INCLUDED) == sorted(f.stem for f in MODELS.glob("[!_]*.py") if f.stem != "spec")
    places = [module_place(f"descent.models.{name}") for name in INCLUDED]
    assert places == [(MODELS / f"{name}.py", of) for name, of in INCLUDED.items()]


def test_mlp_is_the_formula_of_the_lab():
    images = draw_images()
    w0, b0, w1, b1, w2, b2 = (network := MLP((1, 28, 28), 10, hidden=[30, 20])).parameters()
    x = images.flatten(1).T
    expected = w2 @ (w1 @ (w0 @ x + b0[:, None]).relu() + b1[:, None]).relu() + b2[:, None]
    torch.testing.assert_close(network(images), expected.T)
    assert [len(b) for b in (b0, b1, b2)] == [30, 20, 10]


def test_linear_is_one_product():
    images = draw_images((2, 3, 4))
    weight, bias = (network := Linear((2, 3, 4), 7)).parameters()
    torch.testing.assert_close(network(images), images.reshape(5, 24) @ weight.T + bias)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_lenet_is_its_layers(batch_norm):
    images, network = draw_images(), LeNet((1, 28, 28), 10, batch_norm=batch_norm)
    own = dict(network.named_parameters())
    maps = images
    for index, padding in ((1, 2), (2, 0)):
        maps = F.conv2d(maps, own[f"conv{index}.weight"], own[f"conv{index}.bias"], padding=padding)
        if batch_norm:
            maps = F.batch_norm(maps, None, None, training=True)
        maps = F.max_pool2d(maps.relu(), 2)
    units = maps.flatten(1)
    assert units.shape == (5, 400)  # as in the paper
    for index in (1, 2):
        units = F.linear(units, own[f"linear{index}.weight"], own[f"linear{index}.bias"]).relu()
    expected = F.linear(units, own["linear3.weight"], own["linear3.bias"])
    torch.testing.assert_close(network(images), expected)


def test_lenet_drops_units_in_training_only():
    images, network = draw_images(), LeNet((1, 28, 28), 10, dropout=0.5)
    assert not torch.equal(network(images), network(images))
    assert torch.equal(network.eval()(images), network(images))


def test_lenet_needs_images_of_a_size():
    LeNet((3, 12, 40), 10)(draw_images((3, 12, 40)))
    with pytest.raises(ValueError, match="at least 12 x 12, not 11 x 40"):
        LeNet((3, 11, 40), 10)


def test_every_source_is_named():
    for name in INCLUDED:
        of = getattr(__import__(f"descent.models.{name}", fromlist=["x"]), INCLUDED[name])
        assert any(year in inspect.getdoc(of) for year in ("1986", "1998", "2006"))
