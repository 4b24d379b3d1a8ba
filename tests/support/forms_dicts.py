"""Rules on dicts by name, as in Coursera's notebooks and in labs."""

import numpy as np
import torch

alpha = 0.01
mu = 0.5
count = 0
kept = {}


def update_parameters(parameters, grads, learning_rate):
    for layer in range(1, len(parameters) // 2 + 1):
        for kind in "Wb":
            name = kind + str(layer)
            parameters[name] = parameters[name] - learning_rate * grads["d" + name]
    return parameters


def initialize_velocity(parameters):
    v = {}
    for layer in range(1, len(parameters) // 2 + 1):
        v["dW" + str(layer)] = np.zeros(parameters["W" + str(layer)].shape)
        v["db" + str(layer)] = np.zeros(parameters["b" + str(layer)].shape)
    return v


def update_parameters_with_momentum(parameters, grads, v, beta, learning_rate):
    for layer in range(1, len(parameters) // 2 + 1):
        for kind in "Wb":
            name = kind + str(layer)
            v["d" + name] = beta * v["d" + name] + grads["d" + name]
            parameters[name] = parameters[name] - learning_rate * v["d" + name]
    return parameters, v


def averaging_momentum(parameters, grads, v, beta, learning_rate):
    for layer in range(1, len(parameters) // 2 + 1):
        for kind in "Wb":
            name = kind + str(layer)
            v["d" + name] = beta * v["d" + name] + (1 - beta) * grads["d" + name]
            parameters[name] = parameters[name] - learning_rate * v["d" + name]
    return parameters, v


def initialize_adam(parameters):
    return initialize_velocity(parameters), initialize_velocity(parameters)


def update_parameters_with_adam(
    parameters, grads, v, s, t, learning_rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8
):
    v_corrected, s_corrected = {}, {}
    for layer in range(len(parameters) // 2):
        for kind in "Wb":
            name = kind + str(layer + 1)
            v["d" + name] = beta1 * v["d" + name] + (1 - beta1) * grads["d" + name]
            s["d" + name] = beta2 * s["d" + name] + (1 - beta2) * grads["d" + name] ** 2
            v_corrected[name] = v["d" + name] / (1 - beta1**t)
            s_corrected[name] = s["d" + name] / (1 - beta2**t)
            step = v_corrected[name] / (np.sqrt(s_corrected[name]) + epsilon)
            parameters[name] = parameters[name] - learning_rate * step
    return parameters, v, s, v_corrected, s_corrected


def from_zero(params, grads, v, beta, learning_rate):
    for layer in range(len(params) // 2):
        for kind in "Wb":
            name = f"{kind}{layer}"
            v["d" + name] = beta * v["d" + name] + grads["d" + name]
            params[name] = params[name] - learning_rate * v["d" + name]
    return params


def update(param_dict):
    with torch.no_grad():
        for name in param_dict:
            param_dict[name] -= alpha * param_dict[name].grad
            param_dict[name].grad.zero_()


def momentum_step(param_dict, velocity_dict):
    for name, param in param_dict.items():
        velocity_dict[name] = mu * velocity_dict[name] - alpha * param.grad
        param.data += velocity_dict[name]


def momentum_in_globals(param_dict):
    global count
    count += 1
    for name, param in param_dict.items():
        kept[name] = (mu * kept[name] if name in kept else 0) + param.grad
        param.data -= alpha * kept[name]
    assert len(kept) == len(param_dict) and count > 0


def new_leaves(param_dict, lr):
    for name in param_dict:
        new = param_dict[name] - lr * param_dict[name].grad
        param_dict[name] = new.detach().requires_grad_()


def on_the_graph(param_dict, lr):
    for name in param_dict:
        param_dict[name] = param_dict[name] - lr * param_dict[name].grad


def wrong_alpha(param_dict):
    with torch.no_grad():
        for name in param_dict:
            param_dict[name] -= 0.01 * param_dict[name].grad
