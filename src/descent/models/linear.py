"""Multinomial logistic regression: one linear layer."""

import math
from collections import OrderedDict

from torch import nn


class Linear(nn.Sequential):
    """f(x) = W x + b, the model of multinomial logistic regression.

    With cross-entropy, its loss is convex: optimizers that converge end at the same loss.

    Parameters
    ----------
    image_shape : (int, int, int)
        Channels, height and width.
    n_classes : int

    References
    ----------
    Bishop, Pattern recognition and machine learning, Springer, 2006, section 4.3.4.
    """

    def __init__(self, image_shape, n_classes):
        linear = nn.Linear(math.prod(image_shape), n_classes)
        super().__init__(OrderedDict(flatten=nn.Flatten(), linear=linear))
