"""Keras on its JAX backend: compile and fit, with a callback that records the values."""

import os

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np

from engines import BATCH_SIZE, LEARNING_RATE, initial_layers, training_arrays


class OfMiniBatch(keras.metrics.MeanMetricWrapper):
    """The mean over one mini-batch; Keras's own metrics accumulate over the epoch."""

    def update_state(self, *values, **named):
        """Discard the previous mini-batches."""
        self.reset_state()
        return super().update_state(*values, **named)


class Recorder(keras.callbacks.Callback):
    """Record each mini-batch's loss and accuracy."""

    def on_epoch_begin(self, epoch, logs=None):
        """Start empty lists."""
        self.losses, self.accuracies = [], []

    def on_train_batch_end(self, batch, logs=None):
        """Append the values of the mini-batch."""
        self.losses.append(logs["mini_batch_loss"])
        self.accuracies.append(logs["mini_batch_accuracy"])


def prepare(folder, momentum):
    """Train keras.Sequential with keras.optimizers.SGD; the first epoch includes compilation."""
    images, labels = training_arrays(folder)
    layers = initial_layers()
    model = keras.Sequential(
        [keras.layers.Dense(len(bias), activation="relu") for _, bias in layers[:-1]]
        + [keras.layers.Dense(len(layers[-1][1]))]
    )
    model.build((None, images.shape[1]))
    model.set_weights([value for weight, bias in layers for value in (weight.T, bias)])
    model.compile(
        optimizer=keras.optimizers.SGD(LEARNING_RATE, momentum=momentum),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[
            OfMiniBatch(
                keras.losses.sparse_categorical_crossentropy,
                name="mini_batch_loss",
                from_logits=True,
            ),
            OfMiniBatch(keras.metrics.sparse_categorical_accuracy, name="mini_batch_accuracy"),
        ],
    )
    recorder = Recorder()

    def epoch():
        model.fit(images, labels, BATCH_SIZE, verbose=0, callbacks=[recorder])
        return np.array(recorder.losses), np.array(recorder.accuracies)

    def predict(test_images):
        return model.predict(test_images, batch_size=1000, verbose=0).argmax(1)

    return epoch, predict
