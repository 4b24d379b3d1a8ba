"""Generated gradients: each kind has the property that its trial is about."""

import pytest
import torch

from descent.parity import gradients
from descent.parity.gradients import (
    CONVOLUTION,
    MANY,
    MATRICES,
    NETWORK,
    SCALAR,
    THREE_D,
    Generated,
)

ITERATIONS = 40
FINITE = ["ordinary", "large", "tiny", "sparse", "zero", "one-signed", "alternating"]
FINITE += ["heavy-tailed"]


def drawn(kind, shapes=NETWORK, iterations=ITERATIONS):
    """Return the gradients: a tensor of all iterations for each parameter."""
    source = Generated(shapes, kind, iterations)
    each = [source.gradients(None) for _ in range(iterations)]
    return [torch.stack(tensors) for tensors in zip(*each, strict=True)]


def flat(kind, iterations=ITERATIONS):
    return torch.cat([g.flatten(1) for g in drawn(kind, iterations=iterations)], 1)


@pytest.mark.parametrize("kind", FINITE)
def test_gradients_are_finite_and_have_the_shapes_of_the_parameters(kind):
    for shapes in (NETWORK, MATRICES, SCALAR, CONVOLUTION, MANY):
        source = Generated(shapes, kind, 2)
        assert source.names == list(shapes)
        for part in (source.initial, source.gradients(None), source.gradients(None)):
            assert [tensor.shape[1:] for tensor in part] == list(shapes.values())
            assert all(len(t) == 1 and t.dtype == torch.float64 for t in part)
            assert all(tensor.isfinite().all() for tensor in part)


@pytest.mark.parametrize("kind", FINITE)
def test_they_are_the_same_on_every_call(kind):
    assert torch.equal(flat(kind), flat(kind))
    start = [Generated(NETWORK, kind, 1).initial for _ in range(2)]
    assert all(map(torch.equal, *start))


@pytest.mark.parametrize("kind", FINITE)
def test_a_longer_trial_begins_like_a_shorter_one(kind):
    assert torch.equal(flat(kind, 20), flat(kind, 30)[:20])


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("ordinary", 0.1, 10), ("large", 1e7, 1e9), ("tiny", 1e-15, 1e-13)],
)
def test_sizes(kind, low, high):
    sizes = flat(kind).abs()
    assert low < sizes.median() < high and sizes.max() < high
    assert (sizes > 0).all()


@pytest.mark.parametrize("kind", ["large", "tiny"])
def test_squares_are_normal_in_float32(kind):
    info = torch.finfo(torch.float32)
    squares = flat(kind).float().square()
    assert squares.isfinite().all() and squares.sum(1).isfinite().all()
    assert (squares > info.tiny).double().mean() > 0.99


def test_weights_are_large_where_gradients_are_and_0_where_these_are_tiny():
    """A step can be seen beside the weights; those beyond 3 show whether weights are clamped."""
    sizes = {
        kind: torch.cat([p.flatten() for p in Generated(NETWORK, kind, 1).initial]).abs().max()
        for kind in ("large", "tiny", "ordinary")
    }
    assert sizes["large"] > 10 and sizes["tiny"] == 0 and 1 < sizes["ordinary"] < 5


def test_four_of_five_elements_of_sparse_gradients_are_0():
    assert 0.75 < (flat("sparse") == 0).double().mean() < 0.85


def test_zeros_last_for_ten_iterations_and_for_ever_in_one_element():
    everything = flat("zero", 60)
    zero = (everything == 0).all(1)
    assert zero.tolist() == [at % 20 >= 10 for at in range(60)]
    always = (everything == 0).all(0)
    assert int(always.sum()) == len(NETWORK)


def test_signs():
    assert (flat("one-signed") >= 0).all()
    alternating = flat("alternating")
    assert torch.equal(alternating[1:], -alternating[:-1]) and (alternating != 0).all()


def test_some_of_the_heavy_tailed_gradients_are_very_large():
    sizes = flat("heavy-tailed").abs()
    assert sizes.max() > 100 * sizes.median() and sizes.median() < 3


@pytest.mark.parametrize(("kind", "value"), [("NaN", torch.isnan), ("infinite", torch.isposinf)])
def test_one_element_of_each_tensor_ends_with_what_is_not_finite(kind, value):
    for each in drawn(kind, iterations=5):
        assert each[:4].isfinite().all()
        assert value(each[4]).sum() == 1 == (~each[4].isfinite()).sum()


def test_missing_gradients():
    source = Generated(NETWORK, "missing", 12)
    missing = torch.tensor([[g is None for g in source.gradients(None)] for _ in range(12)])
    first, second, third, *others = missing.T
    assert first.any() and second.any() and not (first & second).all()
    assert third.tolist() == [True] * 6 + [False] * 6  # a parameter that is unfrozen later
    assert not torch.stack(others).any()


def test_two_parameters_of_one_shape_and_every_number_of_dimensions():
    for shapes in (NETWORK, MATRICES, SCALAR, MANY):
        assert len(set(shapes.values())) < len(shapes)
    assert {
        len(shape) for s in (NETWORK, SCALAR, THREE_D, CONVOLUTION) for shape in s.values()
    } == {*(0, 1, 2, 3, 4)}


@pytest.mark.parametrize(
    ("kind", "wrong", "test"),
    [
        ("tiny", lambda g, *_: 1e-30 * g, test_squares_are_normal_in_float32),
        ("large", lambda g, *_: 1e20 * g, test_squares_are_normal_in_float32),
    ],
)  # fmt: skip
def test_other_sizes_would_not_do(kind, wrong, test, monkeypatch):
    monkeypatch.setitem(gradients._KINDS, kind, gradients._drawn(wrong))
    with pytest.raises(AssertionError):
        test(kind)
