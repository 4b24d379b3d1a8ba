"""Gradients that training on a small problem seldom gives, made for one network."""

import torch

#: Weights and biases: wide, tall and square matrices, and two biases of one shape.
NETWORK = {"W0": (7, 4), "b0": (5,), "W1": (5, 5), "b1": (5,), "W2": (3, 5), "b2": (3,)}

#: For optimizers that take nothing but matrices.
MATRICES = {"W0": (7, 4), "W1": (5, 5), "W2": (3, 5), "W3": (3, 5)}

#: Parameters of other layers: a temperature, a scale and a shift, a convolution.
SCALAR = {"scalar": (), "vector": (4,), "other vector": (4,)}
THREE_D = {"convolution": (3, 2, 2), "vector": (3,)}
SINGLE = {"W0": (5, 6)}
CONVOLUTION = {"convolution": (3, 2, 2, 2), "vector": (3,)}
MANY = {f"W{index}": (3, 5) for index in range(40)}

#: Pairs of one shape, for two groups that take every other parameter.
TWINS = {"W0": (3, 5), "W1": (3, 5), "W2": (5, 4), "W3": (5, 4)}


class Generated:
    """Generated gradients for one network; a source for `descent.parity.replay.compare`.

    Attributes
    ----------
    initial : list of torch.Tensor
        Parameters at the start, float64; like the gradients, a stack of one. Both are drawn on the
        CPU, and then moved to a device.
    names : list of str
    vanished : bool
        Never.
    """

    vanished = False

    def __init__(self, shapes, kind, iterations, reuse=False, device="cpu"):
        random = torch.Generator().manual_seed(0)
        scale = {"large": 10, "tiny": 0}.get(kind, 1)
        self.names = list(shapes)
        self._device = device
        self.initial = [(scale * _normal(shape, random)).to(device) for shape in shapes.values()]
        self.reuse = reuse
        self._gradients = iter(list(_KINDS[kind](list(shapes.values()), iterations, random)))

    def gradients(self, leader):
        """Return the next gradients, whatever the network that leads."""
        return [None if each is None else each.to(self._device) for each in next(self._gradients)]


def _normal(shape, random):
    return torch.randn((1, *shape), generator=random, dtype=torch.float64)


def _drawn(transform):
    """Make a kind whose gradients are drawn independently, from a normal distribution."""

    def kind(shapes, iterations, random):
        for iteration in range(iterations):
            yield [transform(_normal(shape, random), iteration, random) for shape in shapes]

    return kind


def _sparse(gradient, iteration, random):
    return gradient * (torch.rand(gradient.shape, generator=random) < 0.2)


def _zero(gradient, iteration, random):
    """Make ten iterations out of twenty 0, and the first element always."""
    gradient.flatten()[0] = 0
    return gradient * (iteration % 20 < 10)


def _heavy_tailed(gradient, iteration, random):
    """Make them Cauchy-distributed, as the ratio of two normal numbers."""
    return gradient / torch.randn(gradient.shape, generator=random, dtype=torch.float64)


def _alternating(shapes, iterations, random):
    """Keep the sizes in every iteration, and let the signs alternate."""
    sizes = [_normal(shape, random) for shape in shapes]
    for iteration in range(iterations):
        yield [(-1) ** iteration * size for size in sizes]


def _without(shapes, iterations, random):
    """Leave out gradients: now and then, and that of the third tensor at first."""
    for iteration in range(iterations):
        gradients = [_normal(shape, random) for shape in shapes]
        if iteration < iterations // 2:
            gradients[2] = None
        for index in (0, 1):
            if iteration % (index + 2) == 1:
                gradients[index] = None
        yield gradients


def _mixed(missing):
    """Make a kind that has zeros, one sign and few elements, one after the other."""

    def kind(shapes, iterations, random):
        for iteration in range(iterations):
            gradients = [_normal(shape, random) for shape in shapes]
            if iteration % 20 >= 17:
                gradients = [0 * gradient for gradient in gradients]
            elif iteration % 20 >= 5:
                gradients = [gradient.abs() for gradient in gradients]
            else:
                gradients = [_sparse(gradient, iteration, random) for gradient in gradients]
            if missing and iteration % 3 == 1:
                gradients[0] = None
            yield gradients

    return kind


def _ends_with(value):
    """Make a kind whose last gradients each have one element that is not finite."""

    def kind(shapes, iterations, random):
        for iteration in range(iterations):
            gradients = [_normal(shape, random) for shape in shapes]
            if iteration == iterations - 1:
                for gradient in gradients:
                    gradient.view(-1)[-1] = value
            yield gradients

    return kind


# The squares of large and tiny gradients are normal numbers in float32, too.
_KINDS = {
    "ordinary": _drawn(lambda gradient, *_: gradient),
    "large": _drawn(lambda gradient, *_: 1e8 * gradient),
    "tiny": _drawn(lambda gradient, *_: 1e-14 * gradient),
    "sparse": _drawn(_sparse),
    "zero": _drawn(_zero),
    "one-signed": _drawn(lambda gradient, *_: gradient.abs()),
    "alternating": _alternating,
    "heavy-tailed": _drawn(_heavy_tailed),
    "missing": _without,
    "mixed": _mixed(missing=False),
    "mixed, missing": _mixed(missing=True),
    "NaN": _ends_with(torch.nan),
    "infinite": _ends_with(torch.inf),
}
