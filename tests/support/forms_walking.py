"""Walks of a rule, and of a class of torch.optim, with the same gradients."""

import torch

import forms_lists as lists

SHAPES = [(4, 3), (4,), (2, 4), (2,), (3, 2), (3,)]
SGD = {"lr": 0.03}
MOMENTUM = {"lr": 0.03, "momentum": 0.8}
RMSPROP = {"lr": 0.02, "alpha": 0.95, "eps": 1e-6}
ADAM = {"lr": 0.02, "betas": (0.85, 0.98), "eps": 1e-6}


def drawn(dtype, n=1, shapes=SHAPES):
    random = torch.Generator().manual_seed(3)
    return [
        [torch.randn(shape, generator=random, dtype=torch.float64).to(dtype) for shape in shapes]
        for _ in range(n)
    ]


def walk(rule, hyperparameters, dtype=torch.float64, n=20, shapes=SHAPES, changes=()):
    initial, *gradients = drawn(dtype, n + 1, shapes)
    parameters, state = [tensor.clone() for tensor in initial], {}
    changes = dict(changes)
    with torch.no_grad():
        for index, gradient in enumerate(gradients):
            hyperparameters = hyperparameters | changes.get(index, {})
            rule(parameters, [tensor.clone() for tensor in gradient], state, **hyperparameters)
    return torch.cat([tensor.flatten() for tensor in parameters])


def torch_walk(optimizer, hyperparameters, dtype=torch.float64, n=20, shapes=SHAPES, changes=()):
    initial, *gradients = drawn(dtype, n + 1, shapes)
    parameters = [tensor.clone().requires_grad_() for tensor in initial]
    step = optimizer(parameters, **hyperparameters)
    for index, gradient in enumerate(gradients):
        step.param_groups[0].update(dict(changes).get(index, {}))
        for parameter, tensor in zip(parameters, gradient, strict=True):
            parameter.grad = tensor.clone()
        step.step()
    return torch.cat([tensor.detach().flatten() for tensor in parameters])


def same(one, other, tolerance=1e-12):
    return torch.allclose(one, other, rtol=tolerance, atol=tolerance)


def reference(hyperparameters, rule=None):
    """Return torch's class for these hyperparameters, and all of its own."""
    if rule in (lists.adam, lists.adam_that_does_not_count):
        return torch.optim.Adam, hyperparameters | {"eps": 1e-6}
    if rule is lists.rmsprop:
        return torch.optim.RMSprop, hyperparameters | {"eps": 1e-6}
    if "betas" in hyperparameters:
        return torch.optim.Adam, hyperparameters
    if "alpha" in hyperparameters:
        return torch.optim.RMSprop, hyperparameters
    return torch.optim.SGD, hyperparameters
