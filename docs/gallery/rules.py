"""The update rules of the gallery: one that is right, and one with a mistake that people make."""

import torch


def momentum(parameters, gradients, state, *, lr, momentum):
    """Sum the gradients in a velocity, and step along it, as torch does."""
    for index, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        velocity = state.setdefault(index, torch.zeros_like(parameter))
        velocity.mul_(momentum).add_(gradient)
        parameter.sub_(lr * velocity)


def averaged(parameters, gradients, state, *, lr, momentum):
    """Average the gradients, where torch sums them: the steps are ten times too small."""
    for index, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        velocity = state.setdefault(index, torch.zeros_like(parameter))
        velocity.mul_(momentum).add_((1 - momentum) * gradient)
        parameter.sub_(lr * velocity)
