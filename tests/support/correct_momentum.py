"""Correct ways to write momentum: equal in exact arithmetic, but rounded differently."""

import torch


def _zeros(parameters, state, name="velocity"):
    return state.setdefault(name, [torch.zeros_like(tensor) for tensor in parameters])


def in_place(parameters, gradients, state, *, lr, momentum):
    for p, g, v in zip(parameters, gradients, _zeros(parameters, state), strict=True):
        v.mul_(momentum).add_(g)
        p.sub_(lr * v)


def out_of_place(parameters, gradients, state, *, lr, momentum):
    velocity = state.get("velocity", [0.0] * len(parameters))
    state["velocity"] = [g + momentum * v for g, v in zip(gradients, velocity, strict=True)]
    for p, v in zip(parameters, state["velocity"], strict=True):
        p.copy_(p - lr * v)


def scaled_velocity(parameters, gradients, state, *, lr, momentum):
    for p, g, u in zip(parameters, gradients, _zeros(parameters, state), strict=True):
        u.copy_(momentum * u + lr * g)
        p.sub_(u)


def downhill_velocity(parameters, gradients, state, *, lr, momentum):
    for p, g, u in zip(parameters, gradients, _zeros(parameters, state), strict=True):
        u.mul_(momentum).sub_(g)
        p.add_(u, alpha=lr)


def two_terms(parameters, gradients, state, *, lr, momentum):
    for p, g, v in zip(parameters, gradients, _zeros(parameters, state), strict=True):
        p.sub_(g, alpha=lr).sub_(v, alpha=lr * momentum)
        v.mul_(momentum).add_(g)


def two_points(parameters, gradients, state, *, lr, momentum):
    """Polyak's original form: w + mu (w - previous w) - lr g."""
    before = state.setdefault("before", [tensor.clone() for tensor in parameters])
    for p, g, old in zip(parameters, gradients, before, strict=True):
        new = p + momentum * (p - old) - lr * g
        old.copy_(p)
        p.copy_(new)


def rescaled_average(parameters, gradients, state, *, lr, momentum):
    for p, g, m in zip(parameters, gradients, _zeros(parameters, state), strict=True):
        m.lerp_(g, 1 - momentum)
        p.sub_(m, alpha=lr / (1 - momentum))


def foreach(parameters, gradients, state, *, lr, momentum):
    velocity = _zeros(parameters, state)
    torch._foreach_mul_(velocity, momentum)
    torch._foreach_add_(velocity, gradients)
    torch._foreach_add_(parameters, torch._foreach_mul(velocity, -lr))


def more_precise(parameters, gradients, state, *, lr, momentum):
    velocity = state.setdefault("velocity", [p.double() * 0 for p in parameters])
    for p, g, v in zip(parameters, gradients, velocity, strict=True):
        v.mul_(momentum).add_(g.double())
        p.copy_(p.double() - lr * v)


def divided(parameters, gradients, state, *, lr, momentum):
    for p, g, v in zip(parameters, gradients, _zeros(parameters, state), strict=True):
        v.div_(1 / momentum).add_(g)
        p.sub_(v.div(1 / lr))


CORRECT = [
    in_place,
    out_of_place,
    scaled_velocity,
    downhill_velocity,
    two_terms,
    two_points,
    rescaled_average,
    foreach,
    more_precise,
    divided,
]
