"""Clipping is that of torch.nn.utils, for each network on its own."""

import pytest
import torch

from descent import model
from descent.optimizers.clipping import KINDS, clip_norm, clip_value

TORCHS = {"norm": torch.nn.utils.clip_grad_norm_, "value": torch.nn.utils.clip_grad_value_}

#: Above every gradient, between those of the networks, and below all.
LIMITS = {"norm": [1e6, 10.0, 0.01], "value": [1e6, 1.0, 0.001]}
CASES = [(kind, limit) for kind, limits in LIMITS.items() for limit in limits]


def gradients(dtype, n_networks=4):
    """Draw those of networks whose norms differ by factors of 10."""
    random = torch.Generator().manual_seed(0)
    shapes = [(37, 63), (37, 1), (10, 37), (10, 1)]
    scale = torch.logspace(-2, 1, n_networks, dtype=dtype)[:, None, None]
    return [
        scale * torch.randn(n_networks, *shape, generator=random, dtype=dtype) for shape in shapes
    ]


def as_torch(kind, limit, stacked):
    """Clip the gradients of every network with torch's function; return them in a list for each."""
    clipped = []
    for network in model.unstack(stacked):
        parameters = [torch.zeros_like(gradient) for gradient in network]
        for parameter, gradient in zip(parameters, network, strict=True):
            parameter.grad = gradient.clone()
        TORCHS[kind](parameters, limit)
        clipped.append([parameter.grad for parameter in parameters])
    return clipped


def equal(ours, theirs):
    return all(
        torch.equal(*pair)
        for one in zip(ours, theirs, strict=True)
        for pair in zip(*one, strict=True)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(("kind", "limit"), CASES)
def test_clipping_has_the_bits_of_torchs(kind, limit, dtype):
    stacked = gradients(dtype)
    expected = as_torch(kind, limit, stacked)
    changed = not equal(model.unstack(stacked), expected)
    KINDS[kind](stacked, limit)
    assert equal(model.unstack(stacked), expected)
    assert changed == (limit < 1e6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(("kind", "limit"), CASES)
def test_a_network_has_the_same_bits_alone_and_in_a_stack(kind, limit, dtype):
    stacked = gradients(dtype)
    alone = [[gradient[index, None].clone() for gradient in stacked] for index in range(4)]
    KINDS[kind](stacked, limit)
    for index, own in enumerate(alone):
        KINDS[kind](own, limit)
        assert all(torch.equal(one[0], all_[index]) for one, all_ in zip(own, stacked, strict=True))


def of_the_whole_stack(gradients, limit):
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    for gradient in gradients:
        gradient.mul_((limit / (norm + 1e-6)).clamp(max=1))


def of_each_tensor(gradients, limit):
    for gradient in gradients:
        clip_norm([gradient], limit)


def whatever_the_norm(gradients, limit):
    """It scales small gradients up."""
    for network in zip(*(gradient.unbind() for gradient in gradients), strict=True):
        norm = torch.stack([gradient.norm() for gradient in network]).norm()
        for gradient in network:
            gradient.mul_(limit / (norm + 1e-6))


def without_epsilon(gradients, limit):
    clip_norm(gradients, limit, epsilon=0)


def from_above(gradients, limit):
    for gradient in gradients:
        gradient.clamp_(max=limit)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("norm", of_the_whole_stack),
        ("norm", of_each_tensor),
        ("norm", whatever_the_norm),
        ("norm", without_epsilon),
        ("norm", clip_value),
        ("value", from_above),
        ("value", clip_norm),
    ],
)
def test_a_wrong_clipping_is_found(kind, wrong, monkeypatch):
    monkeypatch.setitem(KINDS, kind, wrong)
    for limit in LIMITS[kind]:
        stacked = gradients(torch.float64)
        expected = as_torch(kind, limit, stacked)
        KINDS[kind](stacked, limit)
        if not equal(model.unstack(stacked), expected):
            return
    pytest.fail("not found")


def test_a_norm_of_0_stays():
    zeros = [torch.zeros(2, 3, 4)]
    clip_norm(zeros, 1.0)
    assert torch.equal(zeros[0], torch.zeros(2, 3, 4))


def test_what_is_not_finite_spreads_over_its_network_only():
    stacked = gradients(torch.float32)
    stacked[1][2, 0] = torch.nan
    clip_norm(stacked, 1.0)
    assert [[g.isnan().all().item() for g in one] for one in model.unstack(stacked)] == [
        [index == 2] * 4 for index in range(4)
    ]
