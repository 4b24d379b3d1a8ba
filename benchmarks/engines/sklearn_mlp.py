"""scikit-learn's MLPClassifier, with one partial_fit per epoch."""

import numpy as np
from sklearn.neural_network import MLPClassifier

from engines import BATCH_SIZE, HIDDEN, LEARNING_RATE, initial_layers, training_arrays


class RecordingMLP(MLPClassifier):
    """Record each mini-batch's loss and accuracy, which the public methods do not expose.

    The hook runs where scikit-learn has just computed both, so no second forward pass counts
    against it. The method is private, so this class is tied to the locked version.
    """

    def _init_coef(self, fan_in, fan_out, dtype):
        # set here because the layers do not exist before the first call to partial_fit
        weight, bias = self.layers.pop(0)
        return weight.T.astype(dtype), bias.astype(dtype)

    def _backprop(self, X, y, sample_weight, activations, *rest):
        loss, *gradients = super()._backprop(X, y, sample_weight, activations, *rest)
        self.losses.append(loss)
        self.accuracies.append((activations[-1].argmax(1) == y.argmax(1)).mean())
        return loss, *gradients


def prepare(folder, momentum):
    """Train with the `sgd` solver, without Nesterov momentum or a penalty."""
    images, labels = training_arrays(folder)
    classes = np.unique(labels)
    model = RecordingMLP(
        hidden_layer_sizes=HIDDEN,
        solver="sgd",
        alpha=0,
        batch_size=BATCH_SIZE,
        learning_rate_init=LEARNING_RATE,
        momentum=momentum,
        nesterovs_momentum=False,
        random_state=0,
    )
    model.layers = initial_layers()

    def epoch():
        model.losses, model.accuracies = [], []
        model.partial_fit(images, labels, classes=classes)
        return np.array(model.losses), np.array(model.accuracies)

    return epoch, model.predict
