"""The multilayer perceptron: linear layers with ReLU between them."""

import itertools
import math
from collections import OrderedDict

from torch import nn


class MLP(nn.Sequential):
    """f(x) = W2 relu(W1 relu(W0 x + b0) + b1) + b2 for two hidden layers, and so on.

    This is the network of the lab, as a module of torch.

    Parameters
    ----------
    image_shape : (int, int, int)
        Channels, height and width.
    n_classes : int
    hidden : sequence of int
        Widths of the hidden layers.

    References
    ----------
    Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, Nature 323,
    1986; with ReLU, Glorot, Bordes and Bengio, Deep sparse rectifier neural networks, AISTATS 2011.
    """

    def __init__(self, image_shape, n_classes, hidden=(100, 100)):
        sizes = [math.prod(image_shape), *hidden, n_classes]
        layers = OrderedDict(flatten=nn.Flatten())
        for index, (n_inputs, n_outputs) in enumerate(itertools.pairwise(sizes)):
            if index:
                layers[f"relu{index - 1}"] = nn.ReLU()
            layers[f"linear{index}"] = nn.Linear(n_inputs, n_outputs)
        super().__init__(layers)
