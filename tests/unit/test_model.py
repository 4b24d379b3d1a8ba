"""The networks of several seeds, stacked: forward pass, loss, evaluation."""

import pytest
import torch
import torch.nn.functional as F

from descent import model

SIZES = [784, 100, 100, 10]


def generators(n):
    return [torch.Generator().manual_seed(seed) for seed in range(n)]


def test_weights_are_normal_with_standard_deviation_one_over_root_inputs_and_biases_zero():
    w0, b0, w1, b1, w2, b2 = model.initialize(SIZES, generators(3))
    assert [tuple(p.shape) for p in (w0, b0, w2, b2)] == [
        (3, 100, 784),
        (3, 100),
        (3, 10, 100),
        (3, 10),
    ]
    for weight, n_inputs in ((w0, 784), (w1, 100), (w2, 100)):
        for seed in weight.detach():
            n = seed.numel()
            assert seed.std().item() * n_inputs**0.5 == pytest.approx(1, abs=4 / (2 * n) ** 0.5)
            assert seed.mean().item() * n_inputs**0.5 == pytest.approx(0, abs=4 / n**0.5)
    assert not torch.cat([b0.flatten(), b1.flatten(), b2.flatten()]).any()


def test_a_seed_draws_the_same_parameters_whatever_is_beside_it():
    alone = model.initialize(SIZES, generators(3)[2:])
    stacked = model.initialize(SIZES, generators(3))
    assert all(torch.equal(a[0], b[2]) for a, b in zip(alone, stacked, strict=True))


def test_forward_is_the_formula():
    parameters = [p.detach().double() for p in model.initialize([12, 7, 5, 4], generators(2))]
    for bias in parameters[1::2]:
        bias.normal_()
    images = torch.randn(2, 9, 12, dtype=torch.float64)
    logits = model.forward(parameters, images)
    assert logits.shape == (2, 4, 9)
    for seed in range(2):
        w0, b0, w1, b1, w2, b2 = (p[seed] for p in parameters)
        for image in range(9):
            x = images[seed, image]
            expected = w2 @ torch.relu(w1 @ torch.relu(w0 @ x + b0) + b1) + b2
            torch.testing.assert_close(logits[seed, :, image], expected)


def test_cross_entropy_is_the_negative_logarithm_of_the_softmax():
    logits = torch.randn(2, 4, 9, dtype=torch.float64)
    labels = torch.randint(0, 4, (2, 9))
    probabilities = logits.exp() / logits.exp().sum(1, keepdim=True)
    expected = -probabilities.gather(1, labels[:, None]).squeeze(1).log()
    torch.testing.assert_close(model.cross_entropy(logits, labels), expected)


@pytest.mark.parametrize("batch_size", [1, 7, 100, 1000])
def test_evaluation_sums_over_images_and_then_divides(batch_size):
    parameters = model.initialize([12, 7, 5, 4], generators(3))
    images, labels = torch.randn(100, 12), torch.randint(0, 4, (100,))
    labels[-2:] = 0
    loss, accuracy = model.evaluate(parameters, images, labels, batch_size)
    logits = model.forward(parameters, images.expand(3, -1, -1)).detach().double()
    for seed in range(3):
        expected = F.cross_entropy(logits[seed].T, labels).item()
        assert loss[seed].item() == pytest.approx(expected, rel=1e-6)
        assert accuracy[seed].item() == (logits[seed].argmax(0) == labels).double().mean().item()
