"""Mistakes that people really make in momentum: a catalog of wrong update rules.

Parity must call each of them different from the correct rule, and a checker can name a mistake by
comparing a rule with them. The docstrings say what the author did instead. The rules have the
signature of `descent.optimizers.scratch.sgd_momentum`.
"""

import torch

from descent.optimizers.scratch.sgd_momentum import sgd_momentum


def _velocity(parameters, state):
    return state.setdefault("velocity", [torch.zeros_like(tensor) for tensor in parameters])


def exponential_average(parameters, gradients, state, *, lr, momentum):
    """Average the gradients, v <- mu v + (1 - mu) g, where momentum sums them."""
    sgd_momentum(parameters, gradients, state, lr=lr * (1 - momentum), momentum=momentum)


def dampening(parameters, gradients, state, *, lr, momentum):
    """Use dampening: v <- mu v + (1 - mu) g after a first v <- g."""
    if state:
        gradients = [(1 - momentum) * gradient for gradient in gradients]
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def running_mean(parameters, gradients, state, *, lr, momentum):
    """Step along the mean of all gradients so far."""
    t = state["iteration"] = state.get("iteration", 0) + 1
    for p, g, v in zip(parameters, gradients, _velocity(parameters, state), strict=True):
        v.add_(g - v, alpha=1 / t)
        p.sub_(v, alpha=lr)


def nesterov(parameters, gradients, state, *, lr, momentum):
    """Use Nesterov's momentum, a step along g + mu v."""
    for p, g, v in zip(parameters, gradients, _velocity(parameters, state), strict=True):
        v.mul_(momentum).add_(g)
        p.sub_(g + momentum * v, alpha=lr)


def learning_rate_in_velocity(parameters, gradients, state, *, lr, momentum):
    """Keep lr in the velocity, u <- mu u + lr g: a different rule once lr changes."""
    for p, g, u in zip(parameters, gradients, _velocity(parameters, state), strict=True):
        u.mul_(momentum).add_(g, alpha=lr)
        p.sub_(u)


def no_momentum(parameters, gradients, state, *, lr, momentum):
    """Leave the momentum out: plain SGD."""
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=0)


def one_minus_momentum(parameters, gradients, state, *, lr, momentum):
    """Use 1 - mu in place of mu."""
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=1 - momentum)


def late_velocity(parameters, gradients, state, *, lr, momentum):
    """Step first and update the velocity afterwards: each gradient counts one iteration late."""
    for p, g, v in zip(parameters, gradients, _velocity(parameters, state), strict=True):
        p.sub_(v, alpha=lr)
        v.mul_(momentum).add_(g)


def stale_gradient(parameters, gradients, state, *, lr, momentum):
    """Use the gradient of the previous iteration."""
    previous = state.get("previous", gradients)
    state["previous"] = gradients
    state = state.setdefault("state", {})
    sgd_momentum(parameters, previous, state, lr=lr, momentum=momentum)


def accumulated_gradient(parameters, gradients, state, *, lr, momentum):
    """Never clear the gradients, which add up (a missing zero_grad)."""
    total = state.setdefault("total", [torch.zeros_like(tensor) for tensor in parameters])
    for kept, gradient in zip(total, gradients, strict=True):
        kept.add_(gradient)
    sgd_momentum(parameters, total, state.setdefault("state", {}), lr=lr, momentum=momentum)


def shared_memory(parameters, gradients, state, *, lr, momentum):
    """Let velocity and gradient share memory (`v = g` without a copy)."""
    state["velocity"] = gradients
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def forgotten_velocity(parameters, gradients, state, *, lr, momentum, at=50):
    """Lose the velocity once, late (at iteration 50)."""
    state["iteration"] = state.get("iteration", 0) + 1
    if state["iteration"] == at:
        del state["state"]
    sgd_momentum(parameters, gradients, state.setdefault("state", {}), lr=lr, momentum=momentum)


_LEFT_BEHIND: dict = {}


def velocity_of_another_run(parameters, gradients, state, *, lr, momentum):
    """Keep the velocity outside `state`, so that the next run starts with it."""
    kind = tuple((tensor.shape, tensor.dtype) for tensor in parameters)
    left = _LEFT_BEHIND.setdefault(kind, {})
    sgd_momentum(parameters, gradients, left, lr=lr, momentum=momentum)


def wrong_sign(parameters, gradients, state, *, lr, momentum):
    """Go uphill: a wrong sign."""
    sgd_momentum(parameters, gradients, state, lr=-lr, momentum=momentum)


def subtracted_velocity(parameters, gradients, state, *, lr, momentum):
    """Subtract the old velocity: v <- g - mu v."""
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=-momentum)


def weight_decay(parameters, gradients, state, *, lr, momentum):
    """Add weight decay to the gradient (here 0.0001 w)."""
    gradients = [g + 1e-4 * p for p, g in zip(parameters, gradients, strict=True)]
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def decoupled_weight_decay(parameters, gradients, state, *, lr, momentum):
    """Shrink the weights separately from the step, as in AdamW (here by 0.0001 lr)."""
    for parameter in parameters:
        parameter.mul_(1 - 1e-4 * lr)
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def last_bias_left_out(parameters, gradients, state, *, lr, momentum):
    """Leave out the last parameter, the bias of the output."""
    sgd_momentum(parameters[:-1], gradients[:-1], state, lr=lr, momentum=momentum)


def biases_left_out(parameters, gradients, state, *, lr, momentum):
    """Leave out all biases."""
    sgd_momentum(parameters[::2], gradients[::2], state, lr=lr, momentum=momentum)


def biases_without_momentum(parameters, gradients, state, *, lr, momentum):
    """Give the biases no momentum."""
    sgd_momentum(parameters[::2], gradients[::2], state, lr=lr, momentum=momentum)
    for parameter, gradient in zip(parameters[1::2], gradients[1::2], strict=True):
        parameter.sub_(gradient, alpha=lr)


def wrong_tensor(parameters, gradients, state, *, lr, momentum):
    """Swap the gradients of two tensors that have the same shape."""
    order = list(range(len(gradients)))
    shapes = [tensor.shape for tensor in gradients]
    for index, shape in enumerate(shapes):
        if shape in shapes[index + 1 :]:
            other = shapes.index(shape, index + 1)
            order[index], order[other] = other, index
            break
    gradients = [gradients[index] for index in order]
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def learning_rate_off(parameters, gradients, state, *, lr, momentum):
    """Use a learning rate that is off by 0.1 %."""
    sgd_momentum(parameters, gradients, state, lr=1.001 * lr, momentum=momentum)


def momentum_off(parameters, gradients, state, *, lr, momentum):
    """Use a momentum that is off by 0.1 %."""
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=0.999 * momentum)


def decaying_learning_rate(parameters, gradients, state, *, lr, momentum):
    """Let the learning rate decay (here as lr / (1 + 0.0001 t))."""
    t = state["iteration"] = state.get("iteration", 0) + 1
    lr = lr / (1 + 1e-4 * t)
    sgd_momentum(parameters, gradients, state.setdefault("state", {}), lr=lr, momentum=momentum)


def skipped_first_step(parameters, gradients, state, *, lr, momentum):
    """Only fill the velocity in the first iteration, without taking a step."""
    lr = lr if state else 0.0
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def two_steps(parameters, gradients, state, *, lr, momentum):
    """Apply the rule twice in every iteration."""
    for _ in range(2):
        sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def replaced_parameters(parameters, gradients, state, *, lr, momentum):
    """Assign new tensors (`p = p - lr * v`) where the parameters must change in place."""
    parameters = [parameter.clone() for parameter in parameters]
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def half_precision_velocity(parameters, gradients, state, *, lr, momentum):
    """Keep the velocity in float16."""
    for p, g, v in zip(parameters, gradients, _velocity(parameters, state), strict=True):
        v.copy_((momentum * v + g).half())
        p.sub_(v, alpha=lr)


def single_precision_velocity(parameters, gradients, state, *, lr, momentum):
    """Keep the velocity in float32 where the parameters are float64."""
    for p, g, v in zip(parameters, gradients, _velocity(parameters, state), strict=True):
        v.copy_((momentum * v + g).float())
        p.sub_(v, alpha=lr)


def normalized_gradient(parameters, gradients, state, *, lr, momentum):
    """Divide the gradient of each tensor by its norm."""
    gradients = [gradient / gradient.norm() for gradient in gradients]
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def sign_of_gradient(parameters, gradients, state, *, lr, momentum):
    """Use only the sign of the gradient."""
    gradients = [gradient.sign() for gradient in gradients]
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


#: Wrong with any learning rate; `learning_rate_in_velocity` is wrong only if it changes.
MUTANTS = [
    exponential_average,
    dampening,
    running_mean,
    nesterov,
    no_momentum,
    one_minus_momentum,
    late_velocity,
    stale_gradient,
    accumulated_gradient,
    shared_memory,
    forgotten_velocity,
    velocity_of_another_run,
    wrong_sign,
    subtracted_velocity,
    weight_decay,
    decoupled_weight_decay,
    last_bias_left_out,
    biases_left_out,
    biases_without_momentum,
    wrong_tensor,
    learning_rate_off,
    momentum_off,
    decaying_learning_rate,
    skipped_first_step,
    two_steps,
    replaced_parameters,
    half_precision_velocity,
    single_precision_velocity,
    normalized_gradient,
    sign_of_gradient,
]
