"""JAX and optax: one compiled program per epoch, which scans over the mini-batches."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from engines import BATCH_SIZE, LEARNING_RATE, initial_layers, training_arrays


def network(parameters, images):
    """Compute the logits: (images, classes)."""
    activations = images
    for weight, bias in parameters[:-1]:
        activations = jax.nn.relu(activations @ weight.T + bias)
    weight, bias = parameters[-1]
    return activations @ weight.T + bias


def program(momentum):
    """Return the function that trains for an epoch, to be compiled, and the optimizer.

    The function takes the state (parameters and that of the optimizer), a random key, the images
    and the labels. It returns the new state, and the loss and accuracy of each mini-batch.
    """
    optimizer = optax.sgd(LEARNING_RATE, momentum or None)

    def loss_and_accuracy(parameters, images, labels):
        logits = network(parameters, images)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return losses.mean(), (logits.argmax(1) == labels).mean()

    # The images are passed as an argument; otherwise they would be compiled in as a constant.
    def train_epoch(state, key, images, labels):
        def iteration(state, chosen):
            parameters, optimizer_state = state
            values, gradients = jax.value_and_grad(loss_and_accuracy, has_aux=True)(
                parameters, images[chosen], labels[chosen]
            )
            updates, optimizer_state = optimizer.update(gradients, optimizer_state)
            return (optax.apply_updates(parameters, updates), optimizer_state), values

        order = jax.random.permutation(key, len(images))
        n_full = len(order) // BATCH_SIZE * BATCH_SIZE
        state, values = jax.lax.scan(iteration, state, order[:n_full].reshape(-1, BATCH_SIZE))
        state, last = iteration(state, order[n_full:])  # the smaller last mini-batch
        return state, [jnp.append(*pair) for pair in zip(values, last, strict=True)]

    return train_epoch, optimizer


def prepare(folder, momentum):
    """Train with optax.sgd; the first epoch includes compilation."""
    images, labels = (jnp.asarray(array) for array in training_arrays(folder))
    parameters = [(jnp.asarray(weight), jnp.asarray(bias)) for weight, bias in initial_layers()]
    train_epoch, optimizer = program(momentum)
    train_epoch = jax.jit(train_epoch, donate_argnums=0)
    state = parameters, optimizer.init(parameters)
    key = jax.random.key(0)

    def epoch():
        nonlocal state, key
        key, this_epoch = jax.random.split(key)
        state, (losses, accuracies) = train_epoch(state, this_epoch, images, labels)
        return np.asarray(losses), np.asarray(accuracies)

    def predict(test_images):
        return np.asarray(network(state[0], test_images).argmax(1))

    return epoch, predict
