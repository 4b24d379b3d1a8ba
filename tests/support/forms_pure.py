# ruff: noqa: B905  # as people write
"""Pure functions, as people write them with JAX; here with torch and NumPy."""

from typing import NamedTuple

import numpy as np
import torch


def update(params, grads, lr):
    return [p - lr * g for p, g in zip(params, grads)]


def update_layers(params, grads, step_size):
    return [(w - step_size * dw, b - step_size * db) for (w, b), (dw, db) in zip(params, grads)]


def init(params):
    return {"step": 0, "m": [0 * p for p in params], "v": [0 * p for p in params]}


def adam(params, grads, state, lr, b1=0.9, b2=0.999, eps=1e-8):
    step = state["step"] + 1
    m = [b1 * m + (1 - b1) * g for m, g in zip(state["m"], grads)]
    v = [b2 * v + (1 - b2) * g * g for v, g in zip(state["v"], grads)]
    new = [
        p - lr * (m / (1 - b1**step)) / (torch.sqrt(v / (1 - b2**step)) + eps)
        for p, m, v in zip(params, m, v)
    ]
    return new, {"step": step, "m": m, "v": v}


def momentum(params, grads, velocity, lr, mu):
    velocity = [mu * v - lr * g for v, g in zip(velocity, grads)]
    return [p + v for p, v in zip(params, velocity)], velocity


def state_first(params, grads, velocity, lr, mu):
    velocity = [mu * v + g for v, g in zip(velocity, grads)]
    return velocity, [p - lr * v for p, v in zip(params, velocity)]


def wrong_momentum(params, grads, velocity, lr, mu):
    velocity = [mu * v + (1 - mu) * g for v, g in zip(velocity, grads)]
    return [p - lr * v for p, v in zip(params, velocity)], velocity


def momentum_dict(params, grads, state, *, learning_rate, momentum):
    v = state or {name: np.zeros_like(p) for name, p in params.items()}
    v = {name: momentum * v[name] + grads[name] for name in params}
    return {name: params[name] - learning_rate * v[name] for name in params}, v


def sgd(lr):
    def init(params):
        return ()

    def update(params, grads, state):
        return [p - lr * g for p, g in zip(params, grads)], state

    return init, update


def sgd_momentum(lr, momentum=0.9):
    def init(params):
        return [torch.zeros_like(p) for p in params]

    def update(grads, state, params=None):
        state = [momentum * v + g for v, g in zip(state, grads)]
        return [-lr * v for v in state], state

    return init, update


def averaging(lr, momentum=0.9):
    def init(params):
        return [torch.zeros_like(p) for p in params]

    def update(grads, state, params=None):
        state = [momentum * v + (1 - momentum) * g for v, g in zip(state, grads)]
        return [-lr * v for v in state], state

    return init, update


class Transformation(NamedTuple):
    init: object
    update: object


def rmsprop(learning_rate, decay=0.99, eps=1e-8):
    def init_fn(params):
        return {name: np.zeros_like(p) for name, p in params.items()}

    def update_fn(updates, state, params=None):
        raise NotImplementedError

    def step(params, grads, state):
        state = {n: decay * state[n] + (1 - decay) * grads[n] ** 2 for n in params}
        new = {n: params[n] - learning_rate * grads[n] / (np.sqrt(state[n]) + eps) for n in params}
        return new, state

    return Transformation(init_fn, step)


def triple(step_size, b1=0.9, b2=0.999, eps=1e-8):
    def init(params):
        return params, [0 * p for p in params], [0 * p for p in params]

    def update(i, grads, state):
        params, m, v = state
        m = [(1 - b1) * g + b1 * m for g, m in zip(grads, m)]
        v = [(1 - b2) * g**2 + b2 * v for g, v in zip(grads, v)]
        mhat = [m / (1 - b1 ** (i + 1)) for m in m]
        vhat = [v / (1 - b2 ** (i + 1)) for v in v]
        params = [p - step_size * m / (v**0.5 + eps) for p, m, v in zip(params, mhat, vhat)]
        return params, m, v

    def get_params(state):
        return state[0]

    return init, update, get_params


class Adamlike:
    def __init__(self, lr, momentum=0.9):
        self.lr, self.momentum = lr, momentum

    def init(self, params):
        return tuple(torch.zeros_like(p) for p in params)

    def update(self, params, grads, state):
        state = tuple(self.momentum * v + g for v, g in zip(state, grads))
        return tuple(p - self.lr * v for p, v in zip(params, state)), state
