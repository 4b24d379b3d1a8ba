# ruff: noqa: B905, SIM118  # as people write
"""Classes that are no torch.optim.Optimizer."""

import numpy as np
import torch


class OptimizerTemplate:
    def __init__(self, params, lr):
        self.params = list(params)
        self.lr = lr

    def zero_grad(self):
        for p in self.params:
            if p.grad is not None:
                p.grad.detach_()
                p.grad.zero_()

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is None:
                continue
            self.update_param(p)

    def update_param(self, p):
        raise NotImplementedError


class SGD(OptimizerTemplate):
    def update_param(self, p):
        p.add_(-self.lr * p.grad)


class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.0):
        super().__init__(params, lr)
        self.momentum = momentum
        self.param_momentum = {p: torch.zeros_like(p.data) for p in self.params}

    def update_param(self, p):
        self.param_momentum[p] = p.grad + self.momentum * self.param_momentum[p]
        p.add_(-self.lr * self.param_momentum[p])


class AveragingMomentum(SGDMomentum):
    def update_param(self, p):
        kept = self.momentum * self.param_momentum[p]
        self.param_momentum[p] = (1 - self.momentum) * p.grad + kept
        p.add_(-self.lr * self.param_momentum[p])


class Adam(OptimizerTemplate):
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2 = betas
        self.eps = eps
        self.param_step = {p: 0 for p in self.params}
        self.means = {p: torch.zeros_like(p.data) for p in self.params}
        self.squares = {p: torch.zeros_like(p.data) for p in self.params}

    def update_param(self, p):
        self.param_step[p] += 1
        t = self.param_step[p]
        self.means[p] = (1 - self.beta1) * p.grad + self.beta1 * self.means[p]
        self.squares[p] = (1 - self.beta2) * p.grad**2 + self.beta2 * self.squares[p]
        mean, square = self.means[p] / (1 - self.beta1**t), self.squares[p] / (1 - self.beta2**t)
        p.add_(-self.lr / (torch.sqrt(square) + self.eps) * mean)


class TinySGD:
    def __init__(self, parameters, rate):
        self._rate = rate
        self.parameters = parameters

    def step(self):
        for p in self.parameters:
            p.data -= self._rate * p.grad

    def zero_grad(self):
        for p in self.parameters:
            p.grad = 0


class Refused:
    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr

    def step(self):
        for p in self.params:
            p -= self.lr * p.grad


class BoxRMSprop:
    """In a framework whose parameters hold NumPy arrays."""

    def __init__(self, params, learning_rate=0.01, rho=0.99, epsilon=1e-8):
        self.params, self.learning_rate = params, learning_rate
        self.rho, self.epsilon = rho, epsilon
        self.cache = [np.zeros_like(p.data) for p in params]

    def step(self):
        for i, p in enumerate(self.params):
            self.cache[i] = self.rho * self.cache[i] + (1 - self.rho) * np.square(p.grad)
            p.data -= self.learning_rate * p.grad / (np.sqrt(self.cache[i]) + self.epsilon)


class Momentum:
    """From the books that build everything with NumPy: dicts, no parameters in __init__."""

    def __init__(self, lr=0.01, momentum=0.9):
        self.lr, self.momentum, self.v = lr, momentum, None

    def update(self, params, grads):
        if self.v is None:
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        for key in params.keys():
            self.v[key] = self.momentum * self.v[key] - self.lr * grads[key]
            params[key] += self.v[key]


class MomentumAtW:
    """One array at a time, one object for each."""

    def __init__(self, learning_rate=0.01, momentum=0):
        self.learning_rate, self.momentum = learning_rate, momentum
        self.w_updt = None

    def update(self, w, grad_wrt_w):
        if self.w_updt is None:
            self.w_updt = np.zeros(np.shape(w))
        self.w_updt = self.momentum * self.w_updt + grad_wrt_w
        return w - self.learning_rate * self.w_updt


class StepOfGradients:
    def __init__(self, params, lr=0.01, momentum=0.9):
        self.params, self.lr, self.momentum = params, lr, momentum
        self.vs = [np.zeros_like(p) for p in self.params]

    def step(self, grads):
        for i, (param, grad) in enumerate(zip(self.params, grads)):
            self.vs[i] = self.momentum * self.vs[i] + grad
            self.params[i] = param - self.lr * self.vs[i]


class OfADict:
    def __init__(self, params, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.m = {name: torch.zeros_like(param) for name, param in params.items()}
        self.v = {name: torch.zeros_like(param) for name, param in params.items()}
        self.t = 0

    def step(self, gradients):
        self.t += 1
        for name, grad in gradients.items():
            self.m[name] = self.beta1 * self.m[name] + (1 - self.beta1) * grad
            self.v[name] = self.beta2 * self.v[name] + (1 - self.beta2) * grad**2
            m, v = self.m[name] / (1 - self.beta1**self.t), self.v[name] / (1 - self.beta2**self.t)
            self.params[name] -= self.lr * m / (torch.sqrt(v) + self.eps)


class OfLayers:
    """From the book that has layers with weights and dweights."""

    def __init__(self, learning_rate=1.0, decay=0.0, momentum=0.0):
        self.learning_rate = self.current_learning_rate = learning_rate
        self.decay, self.iterations, self.momentum = decay, 0, momentum

    def pre_update_params(self):
        if self.decay:
            self.current_learning_rate = self.learning_rate / (1 + self.decay * self.iterations)

    def update_params(self, layer):
        if not hasattr(layer, "weight_momentums"):
            layer.weight_momentums = np.zeros_like(layer.weights)
            layer.bias_momentums = np.zeros_like(layer.biases)
        step = self.current_learning_rate
        layer.weight_momentums = self.momentum * layer.weight_momentums - step * layer.dweights
        layer.bias_momentums = self.momentum * layer.bias_momentums - step * layer.dbiases
        layer.weights += layer.weight_momentums
        layer.biases += layer.bias_momentums

    def post_update_params(self):
        self.iterations += 1


class OfAModel:
    def __init__(self, model, lr=0.1):
        self.model, self.lr = model, lr

    def step(self):
        with torch.no_grad():
            for p in self.model.parameters():
                p -= self.lr * p.grad


class WithoutStep:
    def __init__(self, params, lr):
        self.params = params


class OfArraysAndState:
    def __init__(self, lr, momentum):
        self.lr, self.momentum = lr, momentum

    def step(self, params, grads, v):
        v = self.momentum * v - self.lr * grads
        params += v
        return params, v


class SharedByAllObjects:
    cache = {}  # noqa: RUF012  # as people write

    def __init__(self, lr=0.01, momentum=0.9):
        self.config = {"lr": lr, "momentum": momentum}

    def update(self, params, grads):
        for name, grad in grads.items():
            v = self.config["momentum"] * self.cache.get(name, 0) + grad
            self.cache[name] = v
            params[name] -= self.config["lr"] * v


class KerasLike:
    def __init__(self, learning_rate):
        self.learning_rate = learning_rate

    def apply_gradients(self, grads_and_vars):
        for grad, var in grads_and_vars:
            var -= self.learning_rate * grad
