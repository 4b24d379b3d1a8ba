"""A layer of all seeds of a stack, by either library of torch."""

import pytest
import torch

from descent import layer as module
from descent.layer import Wide, layer

#: Seeds, outputs, inputs and images: a layer that is large, and one that is not. The numbers of the
#: first are odd, so that a seed alone is aligned in memory in another way than in its stack.
SHAPES = {"large": (3, 81, 701, 33), "small": (3, 20, 30, 33)}

needs_onednn = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN"
)


def drawn(seeds, outputs, inputs, images, dtype=torch.float32):
    random = torch.Generator().manual_seed(0)
    shapes = (seeds, outputs, inputs), (seeds, outputs), (seeds, images, inputs)
    weight, bias, rows = (
        torch.randn(shape, generator=random, dtype=dtype).requires_grad_() for shape in shapes
    )
    return weight, bias, rows


def values_and_gradients(compute, weight, bias, rows):
    outputs = compute(weight, bias, rows.mT)
    random = torch.Generator().manual_seed(1)
    errors = torch.randn(outputs.shape, generator=random).to(outputs.dtype)
    return [outputs.detach(), *torch.autograd.grad(outputs, (weight, bias, rows), errors)]


@pytest.fixture
def capability(monkeypatch):
    """Set what the CPU can do; oneDNN computes the same on every CPU, if not as fast."""
    return lambda name: monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: name)


@needs_onednn
@pytest.mark.parametrize("size", SHAPES)
def test_it_is_w_x_plus_b_with_the_gradients_of_autograd(capability, size):
    capability("AVX512")
    given = drawn(*SHAPES[size])
    exact = values_and_gradients(
        lambda weight, bias, columns: weight @ columns + bias.unsqueeze(2),
        *(each.detach().double().requires_grad_() for each in given),
    )
    for found, expected in zip(values_and_gradients(layer, *given), exact, strict=True):
        torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-4)


def test_the_written_gradient_of_a_wide_layer_passes_the_check_of_autograd():
    weight, bias, rows = drawn(2, 3, 4, 5, torch.float64)
    assert torch.autograd.gradcheck(Wide.apply, (weight, bias, rows.mT))


@needs_onednn
@pytest.mark.parametrize("size", SHAPES)
def test_a_seed_has_the_same_bits_whatever_is_beside_it(capability, size):
    capability("AVX512")
    given = drawn(*SHAPES[size])
    whole = layer(given[0], given[1], given[2].mT)
    gradients = torch.autograd.grad(whole.square().sum(), given)
    for seed in range(3):
        weight, bias, rows = (each[seed, None].detach().clone().requires_grad_() for each in given)
        alone = layer(weight, bias, rows.mT)
        assert torch.equal(alone, whole[seed, None])
        for one, all_of_them in zip(
            torch.autograd.grad(alone.square().sum(), (weight, bias, rows)),
            gradients,
            strict=True,
        ):
            assert torch.equal(one, all_of_them[seed, None])


@pytest.mark.parametrize(
    ("size", "cpu"), [("large", "AVX2"), ("large", "DEFAULT"), ("small", "AVX512")]
)
def test_torch_computes_what_onednn_would_compute_no_faster(capability, monkeypatch, size, cpu):
    capability(cpu)
    monkeypatch.setattr(module.Wide, "apply", None)
    weight, bias, rows = drawn(*SHAPES[size])
    expected = torch.baddbmm(bias.unsqueeze(2), weight, rows.mT)
    assert torch.equal(layer(weight, bias, rows.mT), expected)


def test_float64_and_a_torch_without_onednn_are_left_to_torch(capability, monkeypatch):
    capability("AVX512")
    weight, bias, rows = drawn(*SHAPES["large"])
    doubled = layer(weight.double(), bias.double(), rows.mT.double())
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    monkeypatch.setattr(module.Wide, "apply", None)
    single = layer(weight, bias, rows.mT)
    torch.testing.assert_close(single.double(), doubled, rtol=1e-5, atol=1e-4)
