import torch


def momentum(parameters, gradients, state, *, lr, momentum):
    if not state:
        state["velocity"] = [torch.zeros_like(parameter) for parameter in parameters]
    steps = zip(parameters, gradients, state["velocity"], strict=True)
    for parameter, gradient, velocity in steps:
        velocity.mul_(momentum).add_(gradient)
        parameter.sub_(lr * velocity)
