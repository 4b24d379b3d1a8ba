"""Right update rules, each written in several ways that are equal in exact arithmetic.

`FORMS`, at the end, lists them with the class of torch that each one equals. A check that calls one
of them a different rule is wrong. `tests/unit/parity/test_right_forms.py` compares every form with
its class, independently of `descent.parity`; `false_alarms.py` checks them all.
"""

import math
from collections import defaultdict
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters


def _zeros(state, name, parameters):
    return state.setdefault(name, [torch.zeros_like(p) for p in parameters])


def _copies(state, name, parameters):
    return state.setdefault(name, [p.detach().clone() for p in parameters])


def _doubles(state, name, parameters):
    return state.setdefault(name, [p.detach().double() for p in parameters])


def _penalized(parameters, gradients, weight_decay, maximize=False):
    sign = -1 if maximize else 1
    return [sign * g + weight_decay * p for p, g in zip(parameters, gradients, strict=True)]


def _flat(tensors):
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def _unflatten(vector, parameters):
    for p, part in zip(parameters, vector.split([p.numel() for p in parameters]), strict=True):
        p.copy_(part.view_as(p))


def _count(state):
    state["t"] = state.get("t", 0) + 1
    return state["t"]


def _bias(beta, t):
    """Compute 1 - beta^t without cancellation."""
    return -math.expm1(t * math.log(beta)) if beta else 1.0


def _with_closure(closure):
    if closure is None:
        return None
    with torch.enable_grad():
        return closure()


# Gradient descent


def sgd_shrink(parameters, gradients, state, *, lr=0.001, weight_decay=0, maximize=False):
    """Shrink the weights first: the same as a penalty, without momentum."""
    for p, g in zip(parameters, gradients, strict=True):
        p.mul_(1 - lr * weight_decay).add_(g, alpha=lr if maximize else -lr)


def sgd_interpolate(parameters, gradients, state, *, lr=0.001, weight_decay=0, maximize=False):
    """Go the fraction lr of the way to w - g."""
    for p, g in zip(
        parameters, _penalized(parameters, gradients, weight_decay, maximize), strict=True
    ):
        p.lerp_(p - g, lr)


def sgd_flat(parameters, gradients, state, *, lr=0.001, weight_decay=0):
    """Join all tensors into one vector."""
    w, g = _flat(parameters), _flat(gradients)
    _unflatten(w - lr * (g + weight_decay * w), parameters)


def sgd_numpy(parameters, gradients, state, *, lr=0.001):
    """Subtract in NumPy, in the memory of the parameters."""
    for p, g in zip(parameters, gradients, strict=True):
        array = p.detach().numpy()
        array -= lr * g.numpy()


def sgd_foreach(parameters, gradients, state, *, lr=0.001, weight_decay=0, maximize=False):
    """Use the functions for lists of tensors."""
    if maximize:
        gradients = torch._foreach_neg(gradients)
    if weight_decay:
        gradients = torch._foreach_add(gradients, parameters, alpha=weight_decay)
    torch._foreach_add_(parameters, gradients, alpha=-lr)


def sgd_kahan(parameters, gradients, state, *, lr=0.001, weight_decay=0):
    """Keep what each addition loses (Kahan)."""
    lost = _zeros(state, "lost", parameters)
    for p, g, c in zip(parameters, gradients, lost, strict=True):
        step = -lr * (g + weight_decay * p) - c
        new = p + step
        c.copy_((new - p) - step)
        p.copy_(new)


def sgd_double(parameters, gradients, state, *, lr=0.001, weight_decay=0, maximize=False):
    """Keep the weights in float64, and round a copy."""
    sign = -1 if maximize else 1
    for p, w, g in zip(parameters, _doubles(state, "w", parameters), gradients, strict=True):
        w -= lr * (sign * g.double() + weight_decay * w)
        p.copy_(w)


class SgdData(torch.optim.Optimizer):
    """A class of the time of `.data`, which assigns new tensors."""

    def __init__(self, params, lr=0.001, weight_decay=0):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                d_p = p.grad.data
                if group["weight_decay"] != 0:
                    d_p = d_p + group["weight_decay"] * p.data
                p.data = p.data - group["lr"] * d_p
        return loss


class SgdInPlace(torch.optim.Optimizer):
    """A class that negates the gradient and adds the penalty in the gradient's own memory."""

    def __init__(self, params, lr=0.001, weight_decay=0, maximize=False):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "maximize": maximize})

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    if group["maximize"]:
                        p.grad.neg_()
                    p.grad.add_(p, alpha=group["weight_decay"])
                    p.sub_(p.grad.mul_(group["lr"]))
        return loss


# Momentum


def momentum_two_points(parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0):
    """Polyak's heavy ball: w + mu (w - previous w) - lr g."""
    previous = _copies(state, "previous", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, old in zip(parameters, gradients, previous, strict=True):
        new = p + momentum * (p - old) - lr * g
        old.copy_(p)
        p.copy_(new)


def momentum_extrapolate(parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0):
    """Write (1 + mu) w - mu (previous w) - lr g."""
    previous = _copies(state, "previous", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        new = (1 + momentum) * p - momentum * previous[i] - lr * g
        previous[i] = p.clone()
        p.copy_(new)


def momentum_average(
    parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0, maximize=False
):
    """Average the gradients, and divide the learning rate by 1 - mu."""
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, m in zip(parameters, gradients, _zeros(state, "m", parameters), strict=True):
        m.lerp_(g, 1 - momentum)
        p.sub_(m, alpha=lr / (1 - momentum))


def momentum_increment(parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0):
    """Move an average by its error, m + (1 - mu) (g - m), and divide it in the step."""
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m in zip(parameters, gradients, _zeros(state, "m", parameters), strict=True):
        m += (1 - momentum) * (g - m)
        p -= lr * (m / (1 - momentum))


def momentum_dual(parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0):
    """Start over from w_0 with the sum of all velocities, (sum of g - mu v) / (1 - mu)."""
    starts = _copies(state, "starts", parameters)
    velocities, sums = _zeros(state, "v", parameters), _zeros(state, "sums", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, start, g, v, total in zip(parameters, starts, gradients, velocities, sums, strict=True):
        v.mul_(momentum).add_(g)
        total.add_(g)
        p.copy_(start - lr / (1 - momentum) * (total - momentum * v))


def momentum_averaged_iterates(
    parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0
):
    """Average the iterates of plain descent: z - lr / (1 - mu) g, then mu w + (1 - mu) z."""
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, z in zip(parameters, gradients, _copies(state, "z", parameters), strict=True):
        z.sub_(g, alpha=lr / (1 - momentum))
        p.mul_(momentum).add_(z, alpha=1 - momentum)


def momentum_step_in_velocity(
    parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0, maximize=False
):
    """Keep the learning rate in the velocity: u = mu u - lr g."""
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, u in zip(parameters, gradients, _zeros(state, "u", parameters), strict=True):
        u.mul_(momentum).sub_(lr * g)
        p.add_(u)


def momentum_two_terms(
    parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0, maximize=False
):
    """Step along the gradient and along the old velocity, which is updated afterwards."""
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, v in zip(parameters, gradients, _zeros(state, "v", parameters), strict=True):
        p.sub_(g, alpha=lr).sub_(v, alpha=lr * momentum)
        v.mul_(momentum).add_(g)


def momentum_linear_system(parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0):
    """Multiply the pair (w, v) by a 2 x 2 matrix, and add a multiple of g."""
    velocities = _zeros(state, "v", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, v in zip(parameters, gradients, velocities, strict=True):
        matrix = torch.tensor([[1, -lr * momentum], [0, momentum]], dtype=p.dtype)
        source = torch.tensor([-lr, 1], dtype=p.dtype)
        pair = torch.einsum("ij,j...->i...", matrix, torch.stack([p, v]))
        pair = pair + torch.einsum("i,...->i...", source, g)
        p.copy_(pair[0])
        v.copy_(pair[1])


def momentum_numpy(parameters, gradients, state, *, lr=0.001, momentum=0, maximize=False):
    """Compute in NumPy, with the velocities by index."""
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        g = -g.numpy() if maximize else g.numpy()
        state[i] = momentum * state[i] + g if i in state else g.copy()
        array = p.detach().numpy()
        np.subtract(array, lr * state[i], out=array)


def momentum_double(parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0):
    """Keep weights and velocity in float64."""
    masters = _doubles(state, "w", parameters)
    velocities = _zeros(state, "v", masters)
    for p, w, g, v in zip(parameters, masters, gradients, velocities, strict=True):
        v.mul_(momentum).add_(g.double() + weight_decay * w)
        p.copy_(w.sub_(lr * v))


def momentum_kahan(parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0):
    """Keep what each addition to the weights loses."""
    velocities, lost = _zeros(state, "v", parameters), _zeros(state, "lost", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, v, c in zip(parameters, gradients, velocities, lost, strict=True):
        v.mul_(momentum).add_(g)
        step = v.mul(-lr).sub_(c)
        new = p + step
        torch.sub(new - p, step, out=c)
        p.copy_(new)


class MomentumDict(torch.optim.Optimizer):
    """A class with its velocities in a dict of its own, and `p.data = ...`."""

    def __init__(self, params, lr=0.001, momentum=0, weight_decay=0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.velocity = defaultdict(float)

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                g = p.grad + group["weight_decay"] * p
                self.velocity[p] = group["momentum"] * self.velocity[p] + g
                p.data = p.data - group["lr"] * self.velocity[p]
        return loss


class MomentumVector(torch.optim.Optimizer):
    """A class that turns all parameters into one vector and back."""

    def __init__(self, params, lr=0.001, momentum=0, weight_decay=0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.velocity = {}

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for i, group in enumerate(self.param_groups):
            parts = group["params"]
            w = parameters_to_vector(parts)
            g = _flat([torch.zeros_like(p) if p.grad is None else p.grad for p in parts])
            used = _flat([torch.full_like(p, p.grad is not None) for p in parts]).bool()
            v = self.velocity.get(i, torch.zeros_like(w))
            v = torch.where(used, group["momentum"] * v + g + group["weight_decay"] * w, v)
            self.velocity[i] = v
            vector_to_parameters(w - group["lr"] * v * used, parts)
        return loss


# Momentum with dampening; torch ignores the dampening without momentum, and in the first step


def dampened_increment(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    momentum=0,
    dampening=0,
    weight_decay=0,
    maximize=False,
):
    """Move the velocity by its change, (1 - tau) g - (1 - mu) v."""
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    share = 1 - dampening if momentum else 1
    if not state:
        state["v"] = [g.clone() for g in gradients]
    else:
        for v, g in zip(state["v"], gradients, strict=True):
            v += share * g - (1 - momentum) * v
    for p, v in zip(parameters, state["v"], strict=True):
        p -= lr * v


def dampened_lerp(
    parameters, gradients, state, *, lr=0.001, momentum=0, dampening=0, weight_decay=0
):
    """Average with the weight tau, and correct by (mu - tau) v."""
    gradients = _penalized(parameters, gradients, weight_decay)
    tau = dampening if momentum else 0
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        v = state.get(i)
        state[i] = g if v is None else v.lerp(g, 1 - tau).add_(v, alpha=momentum - tau)
        p.sub_(state[i], alpha=lr)


def dampened_where(
    parameters, gradients, state, *, lr=0.001, momentum=0, dampening=0, weight_decay=0
):
    """Count in an int64 tensor, and choose the first velocity by where()."""
    t = state["t"] = state.get("t", torch.tensor(0)) + 1
    velocities = _zeros(state, "v", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    share = 1 - dampening if momentum else 1
    for p, g, v in zip(parameters, gradients, velocities, strict=True):
        v.copy_(torch.where(t == 1, g, momentum * v + share * g))
        p.addcmul_(v, torch.full_like(v, lr), value=-1)


def dampened_two_sums(
    parameters, gradients, state, *, lr=0.001, momentum=0, dampening=0, weight_decay=0
):
    """Dampen the sum of all gradients, and add what the first one is lacking."""
    gradients = _penalized(parameters, gradients, weight_decay)
    tau = dampening if momentum else 0
    first = "sums" not in state
    sums, rests = _zeros(state, "sums", parameters), _zeros(state, "rests", parameters)
    for p, g, total, rest in zip(parameters, gradients, sums, rests, strict=True):
        total.mul_(momentum).add_(g)
        rest.mul_(momentum).add_(g, alpha=tau if first else 0)
        p.sub_((1 - tau) * total + rest, alpha=lr)


def dampened_flat(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    momentum=0,
    dampening=0,
    weight_decay=0,
    maximize=False,
):
    """Join all tensors into one vector."""
    w, g = _flat(parameters), _flat(gradients)
    g = (-g if maximize else g).add(w, alpha=weight_decay)
    share = 1 - dampening if momentum else 1
    state["v"] = momentum * state["v"] + share * g if state else g
    _unflatten(w - lr * state["v"], parameters)


def dampened_numpy(parameters, gradients, state, *, lr=0.001, momentum=0, dampening=0):
    """Compute in NumPy."""
    share = 1 - dampening if momentum else 1
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        if i in state:
            state[i] *= momentum
            state[i] += share * g.numpy()
        else:
            state[i] = g.numpy().copy()
        array = p.detach().numpy()
        array -= lr * state[i]


class SgdOldTorch(torch.optim.Optimizer):
    """A class like torch's first SGD, with all of its options."""

    def __init__(self, params, lr=0.001, momentum=0, dampening=0, weight_decay=0, nesterov=False):
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
        }
        super().__init__(params, defaults)

    def step(self, closure=None):
        """Take a step."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            mu = group["momentum"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                d_p = p.grad.data
                if group["weight_decay"] != 0:
                    d_p = d_p.add(p.data, alpha=group["weight_decay"])
                if mu != 0:
                    state = self.state[p]
                    if "buffer" not in state:
                        buffer = state["buffer"] = torch.clone(d_p).detach()
                    else:
                        buffer = state["buffer"]
                        buffer.mul_(mu).add_(d_p, alpha=1 - group["dampening"])
                    d_p = d_p.add(buffer, alpha=mu) if group["nesterov"] else buffer
                p.data.add_(d_p, alpha=-group["lr"])
        return loss


class SgdForeach(torch.optim.SGD):
    """torch's own class, on lists of tensors."""

    def __init__(
        self,
        params,
        lr=0.001,
        momentum=0,
        dampening=0,
        weight_decay=0,
        nesterov=False,
        maximize=False,
    ):
        super().__init__(
            params,
            lr,
            momentum,
            dampening,
            weight_decay,
            nesterov,
            maximize=maximize,
            foreach=True,
        )


# Nesterov momentum


def nesterov_sutskever(parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0):
    """Sutskever's form: the parameters are the point ahead, theta + mu u."""
    thetas, velocities = _copies(state, "theta", parameters), _zeros(state, "u", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, theta, u in zip(parameters, gradients, thetas, velocities, strict=True):
        u.mul_(momentum).sub_(g, alpha=lr)
        theta.add_(u)
        p.copy_(theta + momentum * u)


def nesterov_difference(parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0):
    """Nesterov's two sequences: x = y - lr g, y = x + mu (x - previous x)."""
    previous = _copies(state, "x", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, old in zip(parameters, gradients, previous, strict=True):
        x = p - lr * g
        p.copy_(x + momentum * (x - old))
        old.copy_(x)


def nesterov_bengio(
    parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0, maximize=False
):
    """Bengio's form: w - mu (old u) + (1 + mu) u."""
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, u in zip(parameters, gradients, _zeros(state, "u", parameters), strict=True):
        old = u.clone()
        u.mul_(momentum).sub_(lr * g)
        p += (1 + momentum) * u - momentum * old


def nesterov_expanded(
    parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0, maximize=False
):
    """Step along (1 + mu) g + mu^2 (old v)."""
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, v in zip(parameters, gradients, _zeros(state, "v", parameters), strict=True):
        p.sub_(lr * ((1 + momentum) * g + momentum**2 * v))
        v.mul_(momentum).add_(g)


def nesterov_two_velocities(parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0):
    """Step along (1 + mu) v - mu (old v)."""
    gradients = _penalized(parameters, gradients, weight_decay)
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        old = state.get(i, torch.zeros_like(p))
        state[i] = momentum * old + g
        p.sub_((1 + momentum) * state[i] - momentum * old, alpha=lr)


def nesterov_average(parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0):
    """Average the gradients, and step along g + mu / (1 - mu) m."""
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m in zip(parameters, gradients, _zeros(state, "m", parameters), strict=True):
        m.mul_(momentum).add_(g, alpha=1 - momentum)
        p.sub_(g.add(m, alpha=momentum / (1 - momentum)), alpha=lr)


def nesterov_averaged_iterates(
    parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0
):
    """Average the iterates of plain descent twice: x = mu x + (1 - mu) z, w = mu x + (1 - mu) z."""
    xs, zs = _copies(state, "x", parameters), _copies(state, "z", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, x, z in zip(parameters, gradients, xs, zs, strict=True):
        z.sub_(lr / (1 - momentum) * g)
        x.lerp_(z, 1 - momentum)
        p.copy_(x.lerp(z, 1 - momentum))


def nesterov_foreach(
    parameters, gradients, state, *, lr=0.001, momentum=0, weight_decay=0, maximize=False
):
    """Use the functions for lists of tensors."""
    velocities = _zeros(state, "v", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    torch._foreach_mul_(velocities, momentum)
    torch._foreach_add_(velocities, gradients)
    torch._foreach_add_(parameters, gradients, alpha=-lr)
    torch._foreach_add_(parameters, velocities, alpha=-lr * momentum)


class NesterovInPlace(torch.optim.Optimizer):
    """A class that turns the gradient into the step, in the gradient's own memory."""

    def __init__(self, params, lr=0.001, momentum=0, weight_decay=0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            for p in (p for p in group["params"] if p.grad is not None):
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                g = p.grad.add_(p, alpha=group["weight_decay"])
                v.mul_(group["momentum"]).add_(g)
                p.sub_(g.add_(v, alpha=group["momentum"]), alpha=group["lr"])
        return loss


# Adagrad


def adagrad_root(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    lr_decay=0,
    weight_decay=0,
    initial_accumulator_value=0,
    eps=1e-10,
    maximize=False,
):
    """Keep the root of the sum, with hypot."""
    if not state:
        start = math.sqrt(initial_accumulator_value)
        state["roots"] = [torch.full_like(p, start) for p in parameters]
    rate = lr / (1 + (_count(state) - 1) * lr_decay)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, root in zip(parameters, gradients, state["roots"], strict=True):
        root.copy_(torch.hypot(root, g))
        p -= rate * g / (root + eps)


def adagrad_mean(parameters, gradients, state, *, lr=0.01, lr_decay=0, weight_decay=0, eps=1e-10):
    """Keep the mean square, times the number of iterations."""
    t = _count(state)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, mean in zip(parameters, gradients, _zeros(state, "means", parameters), strict=True):
        mean.lerp_(g * g, 1 / t)
        p.sub_(lr / (1 + (t - 1) * lr_decay) * (g / (math.sqrt(t) * mean.sqrt() + eps)))


def adagrad_tensor_step(
    parameters, gradients, state, *, lr=0.01, lr_decay=0, weight_decay=0, eps=1e-10
):
    """Count in an int64 tensor: the rate is a tensor of the default precision."""
    t = state["t"] = state.get("t", torch.tensor(0)) + 1
    rate = lr / (1 + (t - 1) * lr_decay)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, total in zip(parameters, gradients, _zeros(state, "sums", parameters), strict=True):
        total += g**2
        p.sub_(rate * g / (total.sqrt() + eps))


def adagrad_rsqrt(parameters, gradients, state, *, lr=0.01, weight_decay=0, eps=1e-10):
    """Multiply by the reciprocal root, or by that of eps where the sum is 0."""
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, total in zip(parameters, gradients, _zeros(state, "sums", parameters), strict=True):
        total.addcmul_(g, g)
        inverse = total.rsqrt()
        at_zero = torch.full_like(total, eps).reciprocal_()
        inverse = torch.where(total > 0, inverse / (1 + eps * inverse), at_zero)
        p.addcmul_(g, inverse, value=-lr)


def adagrad_numpy(parameters, gradients, state, *, lr=0.01, initial_accumulator_value=0, eps=1e-10):
    """Compute in NumPy."""
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        g, array = g.numpy(), p.detach().numpy()
        if i not in state:
            state[i] = np.full_like(array, initial_accumulator_value)
        state[i] += np.square(g)
        array -= lr * g / (np.sqrt(state[i]) + eps)


def adagrad_foreach(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    lr_decay=0,
    weight_decay=0,
    eps=1e-10,
    maximize=False,
):
    """Use the functions for lists of tensors."""
    rate = lr / (1 + (_count(state) - 1) * lr_decay)
    sums = _zeros(state, "sums", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    torch._foreach_addcmul_(sums, gradients, gradients, value=1)
    roots = torch._foreach_sqrt(sums)
    torch._foreach_add_(roots, eps)
    torch._foreach_div_(gradients, roots)
    torch._foreach_add_(parameters, gradients, alpha=-rate)


def adagrad_double(parameters, gradients, state, *, lr=0.01, lr_decay=0, weight_decay=0, eps=1e-10):
    """Keep weights and sums in float64."""
    rate = lr / (1 + (_count(state) - 1) * lr_decay)
    masters = _doubles(state, "w", parameters)
    sums = _zeros(state, "sums", masters)
    for p, w, g, total in zip(parameters, masters, gradients, sums, strict=True):
        g = g.double() + weight_decay * w
        total.addcmul_(g, g)
        p.copy_(w.sub_(rate * g / (total.sqrt() + eps)))


class AdagradShared(torch.optim.Optimizer):
    """A class that makes its sums at once, and shares one counter among all parameters."""

    def __init__(
        self, params, lr=0.01, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10
    ):
        defaults = {"lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps}
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                total = torch.full_like(p, initial_accumulator_value).detach()
                self.state[p] = {"step": 0, "sum": total}

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                state["step"] += 1
                g = p.grad.add(p, alpha=group["weight_decay"])
                state["sum"].addcmul_(g, g, value=1)
                rate = group["lr"] / (1 + (state["step"] - 1) * group["lr_decay"])
                p.addcdiv_(g, state["sum"].sqrt().add_(group["eps"]), value=-rate)
        return loss


# Adam


def adam_folded(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    amsgrad=False,
    maximize=False,
):
    """Fold both bias corrections into the rate, and the second one into eps."""
    (beta1, beta2), t = betas, _count(state)
    root = math.sqrt(1 - beta2**t)
    rate = lr * root / (1 - beta1**t)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    largest = _zeros(state, "largest", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, m, s, top in zip(parameters, gradients, means, squares, largest, strict=True):
        m += (1 - beta1) * (g - m)
        s += (1 - beta2) * (g * g - s)
        top.copy_(torch.maximum(top, s) if amsgrad else s)
        p -= rate * m / (top.sqrt() + eps * root)


def adam_sums(
    parameters, gradients, state, *, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0
):
    """Keep sums in place of averages, and divide them by the sums of their weights."""
    state["weights"] = [b * w + 1 for b, w in zip(betas, state.get("weights", [0, 0]), strict=True)]
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        m.mul_(betas[0]).add_(g)
        s.mul_(betas[1]).addcmul_(g, g)
        p.sub_(lr * (m / state["weights"][0]) / ((s / state["weights"][1]).sqrt() + eps))


def adam_running_products(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    decoupled_weight_decay=False,
):
    """Keep beta^t as a running product."""
    beta1, beta2 = betas
    state["power1"] = state.get("power1", 1.0) * beta1
    state["power2"] = state.get("power2", 1.0) * beta2
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        if decoupled_weight_decay:
            p.sub_(lr * weight_decay * p)
        else:
            g = g + weight_decay * p
        m.copy_(beta1 * m + (1 - beta1) * g)
        s.copy_(beta2 * s + (1 - beta2) * g.pow(2))
        p.sub_(lr * (m / (1 - state["power1"])) / ((s / (1 - state["power2"])).sqrt() + eps))


def adam_expm1(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    maximize=False,
):
    """Compute 1 - beta^t by expm1."""
    (beta1, beta2), t = betas, _count(state)
    bias1, bias2 = _bias(beta1, t), _bias(beta2, t)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        m.lerp_(g, 1 - beta1)
        s.lerp_(g.square(), 1 - beta2)
        p.addcdiv_(m / bias1, (s / bias2).sqrt_().add_(eps), value=-lr)


def adam_tensor_step(
    parameters, gradients, state, *, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0
):
    """Count in a float tensor: 1 - beta^t has the default precision."""
    (beta1, beta2), t = betas, state.setdefault("t", torch.tensor(0.0)).add_(1)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        p.sub_(lr * (m / (1 - beta1**t)) / ((s / (1 - beta2**t)).sqrt() + eps))


def adam_rsqrt(
    parameters, gradients, state, *, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0
):
    """Multiply by the reciprocal root, or by that of eps where the average is 0."""
    (beta1, beta2), t = betas, _count(state)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        inverse = s.div(1 - beta2**t).rsqrt_()
        at_zero = torch.full_like(s, eps).reciprocal_()
        inverse = torch.where(s > 0, inverse / (1 + eps * inverse), at_zero)
        p.sub_(lr / (1 - beta1**t) * m * inverse)


def adam_root(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    amsgrad=False,
):
    """Keep the root of the average square, with hypot."""
    (beta1, beta2), t = betas, _count(state)
    means, roots = _zeros(state, "m", parameters), _zeros(state, "roots", parameters)
    largest = _zeros(state, "largest", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m, root, top in zip(parameters, gradients, means, roots, largest, strict=True):
        m.lerp_(g, 1 - beta1)
        torch.hypot(math.sqrt(beta2) * root, math.sqrt(1 - beta2) * g, out=root)
        top.copy_(torch.maximum(top, root) if amsgrad else root)
        p.addcdiv_(m, top / math.sqrt(1 - beta2**t) + eps, value=-lr / (1 - beta1**t))


def adam_corrected_averages(
    parameters, gradients, state, *, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0
):
    """Keep the averages without bias, which move by (1 - beta) / (1 - beta^t)."""
    t = _count(state)
    weight1, weight2 = ((1 - beta) / (1 - beta**t) for beta in betas)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        m.lerp_(g, weight1)
        s.lerp_(g * g, weight2)
        p.sub_(m / (s.sqrt() + eps), alpha=lr)


def adam_double(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    amsgrad=False,
    maximize=False,
    decoupled_weight_decay=False,
):
    """Keep weights and averages in float64."""
    (beta1, beta2), t = betas, _count(state)
    masters = _doubles(state, "w", parameters)
    means, squares, largest = (_zeros(state, name, masters) for name in ("m", "s", "largest"))
    for p, w, g, m, s, top in zip(
        parameters, masters, gradients, means, squares, largest, strict=True
    ):
        g = -g.double() if maximize else g.double()
        if decoupled_weight_decay:
            w *= 1 - lr * weight_decay
        else:
            g = g + weight_decay * w
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        torch.maximum(top, s, out=top)
        corrected = (top if amsgrad else s) / (1 - beta2**t)
        p.copy_(w.sub_(lr * (m / (1 - beta1**t)) / (corrected.sqrt() + eps)))


def adam_flat(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    maximize=False,
):
    """Join all tensors into one vector."""
    (beta1, beta2), t = betas, _count(state)
    w, g = _flat(parameters), _flat(gradients)
    g = (-g if maximize else g) + weight_decay * w
    state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    state["s"] = beta2 * state.get("s", 0) + (1 - beta2) * g * g
    mean, square = state["m"] / (1 - beta1**t), state["s"] / (1 - beta2**t)
    _unflatten(w - lr * mean / (square.sqrt() + eps), parameters)


def adam_numpy(
    parameters, gradients, state, *, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0
):
    """Compute in NumPy, with a dict for each parameter."""
    beta1, beta2 = betas
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        w = p.detach().numpy()
        own = state.setdefault(i, {"t": 0, "m": np.zeros_like(w), "s": np.zeros_like(w)})
        own["t"] += 1
        g = g.numpy() + weight_decay * w
        own["m"] = beta1 * own["m"] + (1 - beta1) * g
        own["s"] = beta2 * own["s"] + (1 - beta2) * g**2
        mean, square = own["m"] / (1 - beta1 ** own["t"]), own["s"] / (1 - beta2 ** own["t"])
        w -= lr * mean / (np.sqrt(square) + eps)


def adam_foreach(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    maximize=False,
):
    """Use the functions for lists of tensors."""
    (beta1, beta2), t = betas, _count(state)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    torch._foreach_lerp_(means, gradients, 1 - beta1)
    torch._foreach_mul_(squares, beta2)
    torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
    roots = torch._foreach_sqrt(squares)
    torch._foreach_div_(roots, math.sqrt(1 - beta2**t))
    torch._foreach_add_(roots, eps)
    torch._foreach_addcdiv_(parameters, means, roots, -lr / (1 - beta1**t))


def adam_kahan(
    parameters, gradients, state, *, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0
):
    """Keep what each addition to the weights loses."""
    (beta1, beta2), t = betas, _count(state)
    means, squares, lost = (_zeros(state, name, parameters) for name in ("m", "s", "lost"))
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m, s, c in zip(parameters, gradients, means, squares, lost, strict=True):
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        step = -lr * (m / (1 - beta1**t)) / ((s / (1 - beta2**t)).sqrt() + eps) - c
        new = p + step
        c.copy_((new - p) - step)
        p.copy_(new)


class AdamOldTorch(torch.optim.Optimizer):
    """A class like torch's Adam of 2019, on `.data`."""

    def __init__(
        self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False
    ):
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
        }
        super().__init__(params, defaults)

    def step(self, closure=None):
        """Take a step."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                grad, state = p.grad.data, self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["exp_avg"] = torch.zeros_like(p.data)
                    state["exp_avg_sq"] = torch.zeros_like(p.data)
                    if group["amsgrad"]:
                        state["max_exp_avg_sq"] = torch.zeros_like(p.data)
                exp_avg, exp_avg_sq = state["exp_avg"], state["exp_avg_sq"]
                state["step"] += 1
                bias1, bias2 = 1 - beta1 ** state["step"], 1 - beta2 ** state["step"]
                if group["weight_decay"] != 0:
                    grad.add_(p.data, alpha=group["weight_decay"])
                exp_avg.mul_(beta1).add_(grad, alpha=1 - beta1)
                exp_avg_sq.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
                if group["amsgrad"]:
                    exp_avg_sq = torch.max(
                        state["max_exp_avg_sq"], exp_avg_sq, out=state["max_exp_avg_sq"]
                    )
                denom = (exp_avg_sq.sqrt() / math.sqrt(bias2)).add_(group["eps"])
                p.data.addcdiv_(exp_avg, denom, value=-group["lr"] / bias1)
        return loss


class AdamVector(torch.optim.Optimizer):
    """A class with one vector of parameters, and a counter for every element."""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)
        self.memory = {}

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for i, group in enumerate(self.param_groups):
            parts, (beta1, beta2) = group["params"], group["betas"]
            w = parameters_to_vector(parts)
            g = _flat([torch.zeros_like(p) if p.grad is None else p.grad for p in parts])
            used = _flat([torch.full_like(p, p.grad is not None) for p in parts]).bool()
            g = g + group["weight_decay"] * w
            old = self.memory.get(i, (torch.zeros_like(w, dtype=torch.float64), w * 0, w * 0))
            t, m, s = old[0] + 1, old[1].lerp(g, 1 - beta1), old[2].lerp(g * g, 1 - beta2)
            bias1, bias2 = ((1 - beta**t).to(w.dtype) for beta in (beta1, beta2))
            new = w - group["lr"] * (m / bias1) / ((s / bias2).sqrt() + group["eps"])
            self.memory[i] = tuple(
                torch.where(used, *pair) for pair in zip((t, m, s), old, strict=True)
            )
            vector_to_parameters(torch.where(used, new, w), parts)
        return loss


class AdamForeach(torch.optim.Adam):
    """torch's own class, on lists of tensors."""

    def __init__(
        self,
        params,
        lr=0.001,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        amsgrad=False,
        maximize=False,
        decoupled_weight_decay=False,
    ):
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=True,
            maximize=maximize,
            decoupled_weight_decay=decoupled_weight_decay,
        )


# AdamW


def adamw_one_step(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.01,
    maximize=False,
):
    """Add the decay to Adam's direction, and take one step."""
    (beta1, beta2), t = betas, _count(state)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    sign = -1 if maximize else 1
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        m.mul_(beta1).add_(g, alpha=sign * (1 - beta1))
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        direction = (m / (1 - beta1**t)) / ((s / (1 - beta2**t)).sqrt() + eps)
        p.sub_(lr * (direction + weight_decay * p))


def adamw_toward_zero(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.01,
    amsgrad=False,
):
    """Decay by interpolation with 0, and fold the bias corrections into rate and eps."""
    (beta1, beta2), t = betas, _count(state)
    root = math.sqrt(_bias(beta2, t))
    means, squares, largest = (_zeros(state, name, parameters) for name in ("m", "s", "largest"))
    for p, g, m, s, top in zip(parameters, gradients, means, squares, largest, strict=True):
        p.lerp_(torch.zeros_like(p), lr * weight_decay)
        m.lerp_(g, 1 - beta1)
        s.lerp_(g * g, 1 - beta2)
        top.copy_(torch.max(top, s) if amsgrad else s)
        p.addcdiv_(m, top.sqrt() + eps * root, value=-lr * root / _bias(beta1, t))


def adamw_foreach(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.01,
):
    """Use the functions for lists of tensors, with sums in place of averages."""
    (beta1, beta2), t = betas, _count(state)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    torch._foreach_mul_(parameters, 1 - lr * weight_decay)
    torch._foreach_mul_(means, beta1)
    torch._foreach_add_(means, gradients)
    torch._foreach_mul_(squares, beta2)
    torch._foreach_addcmul_(squares, gradients, gradients)
    roots = torch._foreach_sqrt(torch._foreach_mul(squares, (1 - beta2) / (1 - beta2**t)))
    torch._foreach_add_(roots, eps)
    steps = torch._foreach_div(means, roots)
    torch._foreach_sub_(parameters, steps, alpha=lr * (1 - beta1) / (1 - beta1**t))


def adamw_flat(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.01,
):
    """Join all tensors into one vector, and count in an int64 tensor."""
    beta1, beta2 = betas
    w, g = _flat(parameters), _flat(gradients)
    t = state["t"] = state.get("t", torch.zeros((), dtype=torch.int64)) + 1
    state["m"] = torch.lerp(state.get("m", torch.zeros_like(w)), g, 1 - beta1)
    state["s"] = torch.lerp(state.get("s", torch.zeros_like(w)), g * g, 1 - beta2)
    step = state["m"] / (1 - beta1**t) / ((state["s"] / (1 - beta2**t)).sqrt() + eps)
    _unflatten((1 - lr * weight_decay) * w - lr * step, parameters)


def adamw_numpy(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.01,
):
    """Compute in NumPy, with unbiased averages."""
    t = _count(state)
    weight1, weight2 = ((1 - beta) / (1 - beta**t) for beta in betas)
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        w, g = p.detach().numpy(), g.numpy()
        m, s = state.get(i, (np.zeros_like(w), np.zeros_like(w)))
        m, s = m + weight1 * (g - m), s + weight2 * (g * g - s)
        state[i] = (m, s)
        w *= 1 - lr * weight_decay
        w -= lr * m / (np.sqrt(s) + eps)


class AdamWAsAdam(torch.optim.Adam):
    """torch's Adam, with decoupled weight decay."""

    def __init__(
        self,
        params,
        lr=0.001,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0.01,
        amsgrad=False,
        maximize=False,
    ):
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            decoupled_weight_decay=True,
        )


class AdamWAroundAdam(torch.optim.Adam):
    """A class that shrinks the weights itself, and lets torch's Adam do the rest."""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr, betas, eps, weight_decay)

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        decays = [group["weight_decay"] for group in self.param_groups]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.data.mul_(1 - group["lr"] * group["weight_decay"])
            group["weight_decay"] = 0
        super().step()
        for group, decay in zip(self.param_groups, decays, strict=True):
            group["weight_decay"] = decay
        return loss


# Adamax


def adamax_stack(
    parameters,
    gradients,
    state,
    *,
    lr=0.002,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    maximize=False,
):
    """Take the maximum over a stack of two, as torch once did."""
    (beta1, beta2), t = betas, _count(state)
    means, norms = _zeros(state, "m", parameters), _zeros(state, "u", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, m, u in zip(parameters, gradients, means, norms, strict=True):
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        u.copy_(torch.stack([u * beta2, g.abs() + eps]).amax(0))
        p.sub_(lr / (1 - beta1**t) * m / u)


def adamax_where(
    parameters, gradients, state, *, lr=0.002, betas=(0.9, 0.999), eps=1e-8, weight_decay=0
):
    """Choose by where(), and keep the average without bias."""
    (beta1, beta2), t = betas, _count(state)
    means, norms = _zeros(state, "m", parameters), _zeros(state, "u", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m, u in zip(parameters, gradients, means, norms, strict=True):
        m.lerp_(g, (1 - beta1) / (1 - beta1**t))
        size = torch.where(g < 0, -g, g) + eps
        u.mul_(beta2)
        u[u < size] = size[u < size]
        p.addcdiv_(m, u, value=-lr)


def adamax_relu(
    parameters,
    gradients,
    state,
    *,
    lr=0.002,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    maximize=False,
):
    """Write max(a, b) as b + relu(a - b), and 1 - beta^t by expm1."""
    (beta1, beta2), t = betas, _count(state)
    means, norms = _zeros(state, "m", parameters), _zeros(state, "u", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, m, u in zip(parameters, gradients, means, norms, strict=True):
        m += (1 - beta1) * (g - m)
        size = g.abs() + eps
        u.copy_(size + torch.relu(beta2 * u - size))
        p.sub_(m / u, alpha=lr / _bias(beta1, t))


def adamax_numpy(
    parameters, gradients, state, *, lr=0.002, betas=(0.9, 0.999), eps=1e-8, weight_decay=0
):
    """Compute in NumPy, with a sum of gradients in place of the average."""
    (beta1, beta2), t = betas, _count(state)
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        w = p.detach().numpy()
        g = g.numpy() + weight_decay * w
        m, u = state.get(i, (np.zeros_like(w), np.zeros_like(w)))
        m, u = beta1 * m + g, np.maximum(beta2 * u, np.abs(g) + eps)
        state[i] = (m, u)
        w -= lr * (1 - beta1) / (1 - beta1**t) * m / u


def adamax_foreach(
    parameters,
    gradients,
    state,
    *,
    lr=0.002,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    maximize=False,
):
    """Use the functions for lists of tensors."""
    (beta1, beta2), t = betas, _count(state)
    means, norms = _zeros(state, "m", parameters), _zeros(state, "u", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    torch._foreach_mul_(means, beta1)
    torch._foreach_add_(means, gradients, alpha=1 - beta1)
    sizes = torch._foreach_abs(gradients)
    torch._foreach_add_(sizes, eps)
    torch._foreach_mul_(norms, beta2)
    torch._foreach_maximum_(norms, sizes)
    torch._foreach_addcdiv_(parameters, means, norms, -lr / (1 - beta1**t))


class AdamaxState(torch.optim.Optimizer):
    """A class with state by parameter, decorated with no_grad."""

    def __init__(self, params, lr=0.002, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state |= {"step": 0, "m": torch.zeros_like(p), "u": torch.zeros_like(p)}
                state["step"] += 1
                g = p.grad
                if group["weight_decay"]:
                    g = g.add(p, alpha=group["weight_decay"])
                state["m"] = beta1 * state["m"] + (1 - beta1) * g
                state["u"] = torch.max(beta2 * state["u"], g.abs() + group["eps"])
                bias = 1 - beta1 ** state["step"]
                p.data = p.data - group["lr"] * (state["m"] / bias) / state["u"]
        return loss


# NAdam


def _momenta(beta, decay, t):
    """Return mu_t and mu_(t+1)."""
    return [beta * (1 - 0.5 * 0.96 ** (k * decay)) for k in (t, t + 1)]


def nadam_one_division(
    parameters,
    gradients,
    state,
    *,
    lr=0.002,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    momentum_decay=0.004,
    decoupled_weight_decay=False,
    maximize=False,
):
    """Add gradient and average first, and divide once."""
    (beta1, beta2), t = betas, _count(state)
    now, ahead = _momenta(beta1, momentum_decay, t)
    state["product"] = product = state.get("product", 1.0) * now
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        g = -g if maximize else g
        if decoupled_weight_decay:
            p.mul_(1 - lr * weight_decay)
        else:
            g = g + weight_decay * p
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        top = (1 - now) / (1 - product) * g + ahead / (1 - product * ahead) * m
        p.sub_(lr * top / ((s / (1 - beta2**t)).sqrt() + eps))


def nadam_logarithms(
    parameters,
    gradients,
    state,
    *,
    lr=0.002,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    momentum_decay=0.004,
    maximize=False,
):
    """Sum the logarithms of the momenta, and compute 1 - P by expm1."""
    (beta1, beta2), t = betas, _count(state)
    now, ahead = _momenta(beta1, momentum_decay, t)
    log_now, log_ahead = (math.log(mu) if mu else -math.inf for mu in (now, ahead))
    state["log"] = state.get("log", 0.0) + log_now
    gradient_rate = lr * (1 - now) / -math.expm1(state["log"])
    mean_rate = lr * ahead / -math.expm1(state["log"] + log_ahead)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        m.lerp_(g, 1 - beta1)
        s.lerp_(g.square(), 1 - beta2)
        inverse = 1 / (s.sqrt() / math.sqrt(_bias(beta2, t)) + eps)
        p.addcmul_(g, inverse, value=-gradient_rate).addcmul_(m, inverse, value=-mean_rate)


def nadam_old_average(
    parameters,
    gradients,
    state,
    *,
    lr=0.002,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    momentum_decay=0.004,
):
    """Step along the gradient and the old average, with the correction folded into eps."""
    (beta1, beta2), t = betas, _count(state)
    now, ahead = _momenta(beta1, momentum_decay, t)
    state["product"] = state.get("product", 1.0) * now
    mean_rate = ahead / (1 - state["product"] * ahead)
    gradient_rate = (1 - now) / (1 - state["product"]) + (1 - beta1) * mean_rate
    root = math.sqrt(1 - beta2**t)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        s.mul_(beta2).add_((1 - beta2) * g**2)
        m.mul_(beta1)
        p.sub_(lr * root * (gradient_rate * g + mean_rate * m) / (s.sqrt() + eps * root))
        m.add_((1 - beta1) * g)


def nadam_numpy(
    parameters,
    gradients,
    state,
    *,
    lr=0.002,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    momentum_decay=0.004,
):
    """Compute in NumPy, with the products from the list of all momenta."""
    (beta1, beta2), t = betas, _count(state)
    state.setdefault("momenta", _momenta(beta1, momentum_decay, 1)[:1])
    state["momenta"].append(_momenta(beta1, momentum_decay, t)[1])
    *_, product, next_product = accumulate(state["momenta"], lambda a, b: a * b)
    now, ahead = state["momenta"][-2:]
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        w = p.detach().numpy()
        g = g.numpy() + weight_decay * w
        m, s = state.get(i, (np.zeros_like(w), np.zeros_like(w)))
        m, s = beta1 * m + (1 - beta1) * g, beta2 * s + (1 - beta2) * g * g
        state[i] = (m, s)
        m_bar = (1 - now) * g / (1 - product) + ahead * m / (1 - next_product)
        w -= lr * m_bar / (np.sqrt(s / (1 - beta2**t)) + eps)


def nadam_tensors(
    parameters,
    gradients,
    state,
    *,
    lr=0.002,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    momentum_decay=0.004,
):
    """Keep counter and product as tensors of the default precision."""
    beta1, beta2 = betas
    t = state.setdefault("t", torch.zeros(())).add_(1)
    now, ahead = (beta1 * (1 - 0.5 * 0.96 ** (k * momentum_decay)) for k in (t, t + 1))
    product = state.setdefault("product", torch.ones(())).mul_(now)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        m.lerp_(g, 1 - beta1)
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        denominator = (s / (1 - beta2**t)).sqrt() + eps
        p.addcdiv_(g * (-lr * (1 - now) / (1 - product)), denominator)
        p.addcdiv_(m * (-lr * ahead / (1 - product * ahead)), denominator)


class NAdamInPlace(torch.optim.Optimizer):
    """A class that adds the penalty to the gradient in place."""

    def __init__(
        self,
        params,
        lr=0.002,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        momentum_decay=0.004,
    ):
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
        }
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state |= {"t": 0, "product": 1.0}
                    state |= {"m": torch.zeros_like(p), "s": torch.zeros_like(p)}
                state["t"] += 1
                now, ahead = _momenta(beta1, group["momentum_decay"], state["t"])
                state["product"] *= now
                g = p.grad.add_(p, alpha=group["weight_decay"])
                m = state["m"].mul_(beta1).add_(g, alpha=1 - beta1)
                s = state["s"].mul_(beta2).addcmul_(g, g, value=1 - beta2)
                denominator = s.div(1 - beta2 ** state["t"]).sqrt_().add_(group["eps"])
                mean_rate = ahead / (1 - state["product"] * ahead)
                g.mul_((1 - now) / (1 - state["product"])).add_(m, alpha=mean_rate)
                p.addcdiv_(g, denominator, value=-group["lr"])
        return loss


class NAdamForeach(torch.optim.NAdam):
    """torch's own class, on lists of tensors."""

    def __init__(
        self,
        params,
        lr=0.002,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        momentum_decay=0.004,
        decoupled_weight_decay=False,
        maximize=False,
    ):
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            momentum_decay,
            decoupled_weight_decay,
            foreach=True,
            maximize=maximize,
        )


# RAdam


def _rectification(beta, t, bias):
    """Return r, or None while too few gradients have been seen."""
    longest = 2 / (1 - beta) - 1
    length = longest - 2 * t * beta**t / bias
    if length <= 5:
        return None
    return math.sqrt((length - 4) / (longest - 4) * (length - 2) / (longest - 2) * longest / length)


def radam_scalar_rate(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    decoupled_weight_decay=False,
    maximize=False,
):
    """Compute one rate for all tensors first, as the authors do."""
    (beta1, beta2), t = betas, _count(state)
    bias2 = 1 - beta2**t
    r = _rectification(beta2, t, bias2)
    rate = lr / (1 - beta1**t) * (1 if r is None else r * math.sqrt(bias2))
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        g = -g if maximize else g
        if decoupled_weight_decay:
            p.add_(p, alpha=-weight_decay * lr)
        else:
            g = g + weight_decay * p
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        p.add_(m if r is None else m / (s.sqrt() + eps), alpha=-rate)


def radam_unbiased(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    maximize=False,
):
    """Keep averages without bias; eps is then divided by the root of 1 - beta^t."""
    (beta1, beta2), t = betas, _count(state)
    bias2 = 1 - beta2**t
    r = _rectification(beta2, t, bias2)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        m.lerp_(g, (1 - beta1) / (1 - beta1**t))
        s.lerp_(g * g, (1 - beta2) / bias2)
        p.sub_(lr * (m if r is None else r * m / (s.sqrt() + eps / math.sqrt(bias2))))


def radam_expm1(
    parameters, gradients, state, *, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0
):
    """Compute 1 - beta^t by expm1, with sums in place of averages."""
    (beta1, beta2), t = betas, _count(state)
    bias1, bias2 = _bias(beta1, t), _bias(beta2, t)
    r = _rectification(beta2, t, bias2)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        m.mul_(beta1).add_(g)
        s.mul_(beta2).addcmul_(g, g)
        step = m * ((1 - beta1) / bias1)
        if r is not None:
            step = step * (r * math.sqrt(bias2)) / ((1 - beta2) * s).sqrt().add(eps)
        p.sub_(step, alpha=lr)


def radam_where(
    parameters, gradients, state, *, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0
):
    """Count in a float64 tensor, and choose by where()."""
    beta1, beta2 = betas
    t = state.setdefault("t", torch.zeros((), dtype=torch.float64)).add_(1)
    bias2 = 1 - beta2**t
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2**t / bias2
    r2 = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    means, squares = _zeros(state, "m", parameters), _zeros(state, "s", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, m, s in zip(parameters, gradients, means, squares, strict=True):
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        factor = torch.where(length > 5, (r2 * bias2).clamp(min=0).sqrt() / (s.sqrt() + eps), 1.0)
        p.sub_(lr * (m / (1 - beta1**t)) * factor)


def radam_numpy(
    parameters, gradients, state, *, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0
):
    """Compute in NumPy, with beta^t as running products."""
    beta1, beta2 = betas
    t = _count(state)
    powers = state["powers"] = [
        b * q for b, q in zip(betas, state.get("powers", [1, 1]), strict=True)
    ]
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * powers[1] / (1 - powers[1])
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        w = p.detach().numpy()
        g = g.numpy() + weight_decay * w
        m, s = state.get(i, (np.zeros_like(w), np.zeros_like(w)))
        m, s = beta1 * m + (1 - beta1) * g, beta2 * s + (1 - beta2) * g * g
        state[i] = (m, s)
        if length > 5:
            r = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            w -= lr * math.sqrt(r * (1 - powers[1])) / (1 - powers[0]) * m / (np.sqrt(s) + eps)
        else:
            w -= lr / (1 - powers[0]) * m


class RAdamData(torch.optim.Optimizer):
    """A class on `.data`, with Adam's step times r."""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["m"], state["s"] = torch.zeros_like(p.data), torch.zeros_like(p.data)
                state["step"] += 1
                g = p.grad.data + group["weight_decay"] * p.data
                m = state["m"].mul_(beta1).add_(g, alpha=1 - beta1)
                s = state["s"].mul_(beta2).addcmul_(g, g, value=1 - beta2)
                bias2 = 1 - beta2 ** state["step"]
                step = m / (1 - beta1 ** state["step"])
                r = _rectification(beta2, state["step"], bias2)
                if r is not None:
                    step = r * step / (s.sqrt() + group["eps"]) * math.sqrt(bias2)
                p.data = p.data - group["lr"] * step
        return loss


class RAdamForeach(torch.optim.RAdam):
    """torch's own class, on lists of tensors."""

    def __init__(
        self,
        params,
        lr=0.001,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        decoupled_weight_decay=False,
        maximize=False,
    ):
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            decoupled_weight_decay,
            foreach=True,
            maximize=maximize,
        )


# RMSprop


def rmsprop_sums(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    alpha=0.99,
    eps=1e-8,
    weight_decay=0,
    momentum=0,
    centered=False,
    maximize=False,
):
    """Keep sums in place of averages."""
    squares, means, velocities = (_zeros(state, name, parameters) for name in "smv")
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, s, m, v in zip(parameters, gradients, squares, means, velocities, strict=True):
        s.mul_(alpha).addcmul_(g, g)
        m.mul_(alpha).add_(g)
        variance = s - (1 - alpha) * m * m if centered else s
        v.mul_(momentum).add_(g / ((1 - alpha) * variance).sqrt().add(eps))
        p.sub_(v, alpha=lr)


def rmsprop_welford(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    alpha=0.99,
    eps=1e-8,
    weight_decay=0,
    momentum=0,
    centered=False,
):
    """Update the variance itself, alpha (variance + (1 - alpha) (g - m)^2)."""
    variances, means, velocities = (_zeros(state, name, parameters) for name in "smv")
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, s, m, v in zip(parameters, gradients, variances, means, velocities, strict=True):
        if centered:
            error = g - m
            s.addcmul_(error, error, value=1 - alpha).mul_(alpha)
            m.add_(error, alpha=1 - alpha)
        else:
            s.mul_(alpha).addcmul_(g, g, value=1 - alpha)
        v.mul_(momentum).addcdiv_(g, s.sqrt() + eps)
        p -= lr * v


def rmsprop_root(
    parameters, gradients, state, *, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0
):
    """Keep the root of the average square, with hypot."""
    roots, velocities = _zeros(state, "roots", parameters), _zeros(state, "v", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, root, v in zip(parameters, gradients, roots, velocities, strict=True):
        root.copy_(torch.hypot(math.sqrt(alpha) * root, math.sqrt(1 - alpha) * g))
        v.mul_(momentum).add_(g / (root + eps))
        p.sub_(lr * v)


def rmsprop_factors(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    alpha=0.99,
    eps=1e-8,
    weight_decay=0,
    centered=False,
    maximize=False,
):
    """Write the variance as (root + |m|) (root - |m|), and its root as a product of two."""
    squares, means = _zeros(state, "s", parameters), _zeros(state, "m", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, s, m in zip(parameters, gradients, squares, means, strict=True):
        s.lerp_(g * g, 1 - alpha)
        m.lerp_(g, 1 - alpha)
        root, shift = s.sqrt(), m.abs() * centered
        p.sub_(lr * g / ((root + shift).sqrt() * (root - shift).sqrt() + eps))


def rmsprop_step_in_velocity(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    alpha=0.99,
    eps=1e-8,
    weight_decay=0,
    momentum=0,
    centered=False,
):
    """Keep the learning rate in the velocity, as TensorFlow does."""
    squares, means, steps = (_zeros(state, name, parameters) for name in "smu")
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, s, m, u in zip(parameters, gradients, squares, means, steps, strict=True):
        s += (1 - alpha) * (g.square() - s)
        m += (1 - alpha) * (g - m)
        variance = s - m.square() if centered else s
        u.copy_(momentum * u + lr * g / (variance.sqrt() + eps))
        p -= u


def rmsprop_foreach(
    parameters, gradients, state, *, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0
):
    """Use the functions for lists of tensors."""
    squares, velocities = _zeros(state, "s", parameters), _zeros(state, "v", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    torch._foreach_mul_(squares, alpha)
    torch._foreach_addcmul_(squares, gradients, gradients, 1 - alpha)
    roots = torch._foreach_add(torch._foreach_sqrt(squares), eps)
    torch._foreach_mul_(velocities, momentum)
    torch._foreach_addcdiv_(velocities, gradients, roots, 1)
    torch._foreach_add_(parameters, velocities, alpha=-lr)


def rmsprop_numpy(
    parameters, gradients, state, *, lr=0.01, alpha=0.99, eps=1e-8, momentum=0, centered=False
):
    """Compute in NumPy, with a dict for each parameter."""
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        w, g = p.detach().numpy(), g.numpy()
        own = state.setdefault(i, {name: np.zeros_like(w) for name in "smv"})
        own["s"] = alpha * own["s"] + (1 - alpha) * g**2
        own["m"] = alpha * own["m"] + (1 - alpha) * g
        variance = own["s"] - own["m"] ** 2 if centered else own["s"]
        own["v"] = momentum * own["v"] + g / (np.sqrt(variance) + eps)
        w -= lr * own["v"]


class RMSpropState(torch.optim.Optimizer):
    """A class with state by parameter, and a flag for the first step."""

    def __init__(
        self,
        params,
        lr=0.01,
        alpha=0.99,
        eps=1e-8,
        weight_decay=0,
        momentum=0,
        centered=False,
        maximize=False,
    ):
        defaults = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        defaults |= {"momentum": momentum, "centered": centered, "maximize": maximize}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            alpha = group["alpha"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                g = p.grad.neg() if group["maximize"] else p.grad
                if group["weight_decay"]:
                    g = g + group["weight_decay"] * p
                if not state:
                    state |= {"s": (1 - alpha) * g**2, "m": (1 - alpha) * g}
                else:
                    state["s"] = alpha * state["s"] + (1 - alpha) * g**2
                    state["m"] = alpha * state["m"] + (1 - alpha) * g
                variance = state["s"] - state["m"] ** 2 if group["centered"] else state["s"]
                step = g / (variance.sqrt() + group["eps"])
                if group["momentum"]:
                    step = step + group["momentum"] * state.get("v", 0)
                    state["v"] = step
                p.add_(step, alpha=-group["lr"])
        return loss


# Adadelta


def adadelta_ratio(
    parameters,
    gradients,
    state,
    *,
    lr=1.0,
    rho=0.9,
    eps=1e-6,
    weight_decay=0,
    maximize=False,
):
    """Take one root, of the ratio."""
    squares, updates = _zeros(state, "s", parameters), _zeros(state, "a", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, s, a in zip(parameters, gradients, squares, updates, strict=True):
        s.lerp_(g * g, 1 - rho)
        update = ((a + eps) / (s + eps)).sqrt() * g
        a.lerp_(update * update, 1 - rho)
        p -= lr * update


def adadelta_rsqrt(
    parameters, gradients, state, *, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, maximize=False
):
    """Multiply by the reciprocal root."""
    squares, updates = _zeros(state, "s", parameters), _zeros(state, "a", parameters)
    gradients = _penalized(parameters, gradients, weight_decay, maximize)
    for p, g, s, a in zip(parameters, gradients, squares, updates, strict=True):
        s.add_((1 - rho) * (g**2 - s))
        update = g * (s + eps).rsqrt() * (a + eps).sqrt()
        a.add_((1 - rho) * (update**2 - a))
        p.sub_(update, alpha=lr)


def adadelta_hypot(parameters, gradients, state, *, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0):
    """Keep roots in place of squares, with hypot."""
    old, new, least = math.sqrt(rho), math.sqrt(1 - rho), math.sqrt(eps)
    roots, updates = _zeros(state, "s", parameters), _zeros(state, "a", parameters)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, s, a in zip(parameters, gradients, roots, updates, strict=True):
        floor = torch.full_like(p, least)
        s.copy_(torch.hypot(old * s, new * g))
        update = torch.hypot(a, floor) / torch.hypot(s, floor) * g
        a.copy_(torch.hypot(old * a, new * update))
        p.sub_(lr * update)


def adadelta_shifted(parameters, gradients, state, *, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0):
    """Keep eps in the averages, which start at it."""
    if not state:
        state["s"] = [torch.full_like(p, eps) for p in parameters]
        state["a"] = [torch.full_like(p, eps) for p in parameters]
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, s, a in zip(parameters, gradients, state["s"], state["a"], strict=True):
        s.mul_(rho).add_((1 - rho) * (g * g + eps))
        update = g * a.sqrt() / s.sqrt()
        a.mul_(rho).add_((1 - rho) * (update * update + eps))
        p.sub_(lr * update)


def adadelta_numpy(parameters, gradients, state, *, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0):
    """Compute in NumPy, with sums in place of averages."""
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        w = p.detach().numpy()
        g = g.numpy() + weight_decay * w
        s, a = state.get(i, (np.zeros_like(w), np.zeros_like(w)))
        s = rho * s + g * g
        update = np.sqrt((1 - rho) * a + eps) / np.sqrt((1 - rho) * s + eps) * g
        state[i] = (s, rho * a + update * update)
        w -= lr * update


def adadelta_flat(parameters, gradients, state, *, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0):
    """Join all tensors into one vector."""
    w, g = _flat(parameters), _flat(gradients)
    g = g + weight_decay * w
    state["s"] = rho * state.get("s", 0) + (1 - rho) * g**2
    update = (state.get("a", 0) + torch.full_like(w, eps)).sqrt() / (state["s"] + eps).sqrt() * g
    state["a"] = rho * state.get("a", 0) + (1 - rho) * update**2
    _unflatten(w - lr * update, parameters)


class AdadeltaInPlace(torch.optim.Optimizer):
    """A class that turns the gradient into the update, in the gradient's own memory."""

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0):
        defaults = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            rho, eps = group["rho"], group["eps"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["s"], state["a"] = torch.zeros_like(p), torch.zeros_like(p)
                p.grad.add_(p, alpha=group["weight_decay"])
                state["s"].mul_(rho).addcmul_(p.grad, p.grad, value=1 - rho)
                p.grad.mul_(state["a"].add(eps).sqrt_()).div_(state["s"].add(eps).sqrt_())
                state["a"].mul_(rho).addcmul_(p.grad, p.grad, value=1 - rho)
                p.sub_(p.grad, alpha=group["lr"])
        return loss


class AdadeltaForeach(torch.optim.Adadelta):
    """torch's own class, on lists of tensors."""

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, maximize=False):
        super().__init__(params, lr, rho, eps, weight_decay, foreach=True, maximize=maximize)


# Adafactor


def _smallest(eps, p):
    return torch.finfo(p.dtype).eps if eps[0] is None else eps[0]


def _rms(tensor):
    return tensor.square().mean().sqrt().item()


def adafactor_factors(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    beta2_decay=-0.8,
    eps=(None, 0.001),
    d=1.0,
    weight_decay=0,
    maximize=False,
):
    """Multiply by the two reciprocal roots, of rows and columns, without their product."""
    t = _count(state)
    new = t**beta2_decay
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        least = _smallest(eps, p)
        step = min(lr, 1 / math.sqrt(t)) * max(eps[1], _rms(p))
        if p.ndim > 1:
            row, column = state.get(
                i, (torch.zeros_like(p[..., :1]), torch.zeros_like(p[..., :1, :]))
            )
            row = (1 - new) * row + new * g.square().mean(-1, keepdim=True)
            column = (1 - new) * column + new * g.square().mean(-2, keepdim=True)
            state[i] = (row, column)
            inverse = (row / row.mean(-2, keepdim=True).clamp(min=least)).rsqrt() * column.rsqrt()
        else:
            state[i] = (1 - new) * state.get(i, torch.zeros_like(p)) + new * g * g
            inverse = state[i].rsqrt()
        update = g * inverse.clamp(max=1 / least if least else math.inf)
        update = update / max(1.0, _rms(update) / d)
        p.mul_(1 - lr * weight_decay).add_(update, alpha=step if maximize else -step)


def adafactor_einsum(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    beta2_decay=-0.8,
    eps=(None, 0.001),
    d=1.0,
    weight_decay=0,
):
    """Use einsum for the sums over rows and columns, and for their outer product."""
    t = _count(state)
    new = t**beta2_decay
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        least = _smallest(eps, p)
        own = state.setdefault(i, {})
        if p.ndim > 1:
            rows = torch.einsum("...ij,...ij->...i", g, g) / p.shape[-1]
            columns = torch.einsum("...ij,...ij->...j", g, g) / p.shape[-2]
            own["r"] = rows * new + own.get("r", 0) * (1 - new)
            own["c"] = columns * new + own.get("c", 0) * (1 - new)
            mean = own["r"].mean(-1).clamp(min=least)
            square = torch.einsum("...i,...j,...->...ij", own["r"], own["c"], 1 / mean)
        else:
            own["s"] = square = g * g * new + own.get("s", 0) * (1 - new)
        update = g / square.sqrt().clamp(min=least)
        scale = min(lr, t**-0.5) * max(
            eps[1], torch.linalg.vector_norm(p).item() / p.numel() ** 0.5
        )
        clip = max(1.0, torch.linalg.vector_norm(update).item() / (d * update.numel() ** 0.5))
        p.sub_(lr * weight_decay * p + scale / clip * update)


def adafactor_sums(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    beta2_decay=-0.8,
    eps=(None, 0.001),
    d=1.0,
    weight_decay=0,
    maximize=False,
):
    """Keep sums over rows and columns in place of means."""
    t = _count(state)
    new = t**beta2_decay
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        g = -g if maximize else g
        least = _smallest(eps, p)
        step = min(lr, 1 / math.sqrt(t)) * max(eps[1], math.sqrt(p.square().sum() / p.numel()))
        if p.ndim > 1:
            if i not in state:
                state[i] = (p.new_zeros(p.shape[:-1]), p.new_zeros(p.shape[:-2] + p.shape[-1:]))
            state[i][0].lerp_(g.square().sum(-1), new)
            state[i][1].lerp_(g.square().sum(-2), new)
            row, column = state[i]
            total = row.sum(-1).clamp(min=least * p.shape[-2] * p.shape[-1])[..., None, None]
            square = (row[..., :, None] / total) * column[..., None, :]
        else:
            state.setdefault(i, torch.zeros_like(p)).lerp_(g.square(), new)
            square = state[i]
        update = g / square.clamp(min=least**2).sqrt()
        clip = max(1.0, math.sqrt(update.square().sum() / update.numel()) / d)
        p.sub_(lr * weight_decay * p)
        p.sub_(update / clip * step)


def adafactor_double(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    beta2_decay=-0.8,
    eps=(None, 0.001),
    d=1.0,
    weight_decay=0,
):
    """Compute everything in float64, with a copy of the weights."""
    t = _count(state)
    new = t**beta2_decay
    masters = _doubles(state, "w", parameters)
    for i, (p, w, g) in enumerate(zip(parameters, masters, gradients, strict=True)):
        least, g = _smallest(eps, p), g.double()
        step = min(lr, t**-0.5) * max(eps[1], _rms(w))
        w.mul_(1 - lr * weight_decay)
        if p.ndim > 1:
            rows, columns = g.square().mean(-1, keepdim=True), g.square().mean(-2, keepdim=True)
            old = state.get(i, (torch.zeros_like(rows), torch.zeros_like(columns)))
            state[i] = rows, columns = old[0].lerp(rows, new), old[1].lerp(columns, new)
            square = rows * columns / rows.mean(-2, keepdim=True).clamp(min=least)
        else:
            state[i] = square = state.get(i, torch.zeros_like(g)).lerp(g.square(), new)
        update = g / square.clamp(min=least**2).sqrt()
        p.copy_(w.sub_(step / max(1, _rms(update) / d) * update))


class AdafactorState(torch.optim.Optimizer):
    """A class with state by parameter."""

    def __init__(self, params, lr=0.01, beta2_decay=-0.8, eps=(None, 0.001), d=1.0, weight_decay=0):
        defaults = {"lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d}
        super().__init__(params, defaults | {"weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._update(p, p.grad, self.state[p], group)
        return loss

    def _update(self, p, g, state, group):
        state["step"] = state.get("step", 0) + 1
        least = _smallest(group["eps"], p)
        old = 1 - state["step"] ** group["beta2_decay"]
        relative = min(group["lr"], 1 / math.sqrt(state["step"]))
        scale = max(group["eps"][1], p.norm().item() / math.sqrt(p.numel()))
        if p.dim() >= 2:
            state["row"] = old * state.get("row", 0) + (1 - old) * (g**2).mean(-1)
            state["column"] = old * state.get("column", 0) + (1 - old) * (g**2).mean(-2)
            row = state["row"] / state["row"].mean(-1, keepdim=True).clamp(min=least)
            root = row.sqrt().unsqueeze(-1) * state["column"].sqrt().unsqueeze(-2)
        else:
            state["square"] = old * state.get("square", 0) + (1 - old) * g**2
            root = state["square"].sqrt()
        update = g / root.clamp(min=least)
        update.div_(max(1.0, update.norm().item() / math.sqrt(update.numel()) / group["d"]))
        p.mul_(1 - group["lr"] * group["weight_decay"])
        p.add_(update, alpha=-relative * scale)


class AdafactorForeach(torch.optim.Adafactor):
    """torch's own class, on lists of tensors."""

    def __init__(
        self,
        params,
        lr=0.01,
        beta2_decay=-0.8,
        eps=(None, 0.001),
        d=1.0,
        weight_decay=0,
        maximize=False,
    ):
        super().__init__(
            params, lr, beta2_decay, eps, d, weight_decay, foreach=True, maximize=maximize
        )


# Rprop


def rprop_signs(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    etas=(0.5, 1.2),
    step_sizes=(1e-6, 50),
    maximize=False,
):
    """Keep the sign of the gradient only, and choose by where()."""
    if not state:
        state["signs"] = [torch.zeros_like(p) for p in parameters]
        state["sizes"] = [torch.full_like(p, lr) for p in parameters]
    for p, g, old, size in zip(parameters, gradients, state["signs"], state["sizes"], strict=True):
        sign = -g.sign() if maximize else g.sign()
        product = sign * old
        factor = torch.where(product > 0, etas[1], torch.where(product < 0, etas[0], 1.0))
        size.copy_((size * factor).clamp(*step_sizes))
        old.copy_(torch.where(product < 0, 0.0, sign))
        p -= old * size


def rprop_powers(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    etas=(0.5, 1.2),
    step_sizes=(1e-6, 50),
    maximize=False,
):
    """Write the factor as eta_plus^[same] eta_minus^[changed], with signs as integers."""
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        sign = torch.sign(g).to(torch.int8) * (-1 if maximize else 1)
        old, size = state.get(i, (torch.zeros_like(sign), torch.full_like(p, lr)))
        same, changed = (sign * old == 1).to(p.dtype), (sign * old == -1).to(p.dtype)
        size = size * etas[1] ** same * etas[0] ** changed
        size = size.clamp(min=step_sizes[0], max=step_sizes[1])
        sign = sign * (1 - changed.to(torch.int8))
        state[i] = (sign, size)
        p.addcmul_(sign.to(p.dtype), size, value=-1)


def rprop_masks(parameters, gradients, state, *, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
    """Treat each case under its own mask, with minimum and maximum."""
    if not state:
        state["previous"] = [torch.zeros_like(p) for p in parameters]
        state["sizes"] = [torch.full_like(p, lr).clamp_(*step_sizes) for p in parameters]
    smallest, largest = step_sizes
    for p, g, previous, size in zip(
        parameters, gradients, state["previous"], state["sizes"], strict=True
    ):
        same = ((g > 0) & (previous > 0)) | ((g < 0) & (previous < 0))
        changed = ((g > 0) & (previous < 0)) | ((g < 0) & (previous > 0))
        size[same] = torch.clamp_max(size[same] * etas[1], largest)
        size[changed] = torch.clamp_min(size[changed] * etas[0], smallest)
        kept = g.clone()
        kept[changed] = 0
        p[kept > 0] -= size[kept > 0]
        p[kept < 0] += size[kept < 0]
        previous.copy_(kept)


def rprop_numpy(parameters, gradients, state, *, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
    """Compute in NumPy, with the factor from a table."""
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        w, sign = p.detach().numpy(), np.sign(g.numpy()).astype(int)
        old, size = state.get(i, (np.zeros_like(sign), np.full_like(w, lr)))
        table = np.array([etas[0], 1, etas[1]], dtype=w.dtype)
        size = np.clip(size * table[sign * old + 1], *step_sizes)
        sign = np.where(sign * old < 0, 0, sign)
        state[i] = (sign, size)
        w -= sign.astype(w.dtype) * size


def rprop_flat(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    etas=(0.5, 1.2),
    step_sizes=(1e-6, 50),
    maximize=False,
):
    """Join all tensors into one vector, and compare signs by their sum."""
    w, sign = _flat(parameters), _flat(gradients).sign()
    sign = -sign if maximize else sign
    old, size = state.get("old", torch.zeros_like(w)), state.get("size", torch.full_like(w, lr))
    same, changed = (sign + old).abs() == 2, (sign - old).abs() == 2
    size = torch.where(same, size * etas[1], size)
    size = torch.where(changed, size * etas[0], size).clamp(*step_sizes)
    state["size"], state["old"] = size, sign.masked_fill(changed, 0)
    _unflatten(w - state["old"] * size, parameters)


class RpropState(torch.optim.Optimizer):
    """A class with state by parameter, on `.data`."""

    def __init__(self, params, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes})

    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["previous"] = torch.zeros_like(p.data)
                    state["size"] = torch.full_like(p.data, group["lr"])
                grad = p.grad.data.clone()
                product = grad.sign() * state["previous"].sign()
                factor = torch.ones_like(product)
                factor[product.gt(0)] = group["etas"][1]
                factor[product.lt(0)] = group["etas"][0]
                state["size"].mul_(factor).clamp_(*group["step_sizes"])
                grad[product.lt(0)] = 0
                p.data = p.data - grad.sign() * state["size"]
                state["previous"] = grad
        return loss


class RpropForeach(torch.optim.Rprop):
    """torch's own class, on lists of tensors."""

    def __init__(self, params, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50), maximize=False):
        super().__init__(params, lr, etas, step_sizes, foreach=True, maximize=maximize)


# ASGD


def _average(averages, parameters, t, t0):
    for average, p in zip(averages, parameters, strict=True):
        average.add_((p - average) / max(1, t - 1 - t0))


def asgd_joint_decay(
    parameters,
    gradients,
    state,
    *,
    lr=0.01,
    lambd=0.0001,
    alpha=0.75,
    t0=1e6,
    weight_decay=0,
    maximize=False,
):
    """Add both decays, and step along g + (lambda + decay) w."""
    t = _count(state)
    rate = state.get("rate", lr)
    sign = -1 if maximize else 1
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(rate * (sign * g + (lambd + weight_decay) * p))
    _average(_zeros(state, "averages", parameters), parameters, t, t0)
    state["rate"] = lr / (1 + lambd * lr * t) ** alpha


def asgd_logarithm(
    parameters, gradients, state, *, lr=0.01, lambd=0.0001, alpha=0.75, t0=1e6, weight_decay=0
):
    """Compute the rate by exp and log1p, from the learning rate of the iteration before."""
    t = _count(state)
    rate = state.get("lr", lr) * math.exp(
        -alpha * math.log1p(lambd * state.get("lr", lr) * (t - 1))
    )
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g in zip(parameters, gradients, strict=True):
        p.copy_(p - rate * lambd * p - rate * g)
    _average(_zeros(state, "averages", parameters), parameters, t, t0)
    state["lr"] = lr


def asgd_integrating_factor(
    parameters, gradients, state, *, lr=0.01, lambd=0.0001, alpha=0.75, t0=1e6, weight_decay=0
):
    """Keep the weights divided by the product of all factors of the decay."""
    t = _count(state)
    rate = state.get("rate", lr)
    product = state["product"] = state.get("product", 1.0) * (1 - lambd * rate)
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g, z in zip(parameters, gradients, _copies(state, "z", parameters), strict=True):
        z.sub_(g, alpha=rate / product)
        p.copy_(product * z)
    _average(_zeros(state, "averages", parameters), parameters, t, t0)
    state["rate"] = lr / (1 + lambd * lr * t) ** alpha


def asgd_numpy(parameters, gradients, state, *, lr=0.01, lambd=0.0001, alpha=0.75, t0=1e6):
    """Compute in NumPy, with the average as a sum divided by its length."""
    t = _count(state)
    rate = state.get("rate", lr)
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        w = p.detach().numpy()
        w *= 1 - lambd * rate
        w -= rate * g.numpy()
        state[i] = state.get(i, 0) + w if t - 1 > t0 + 1 else w.copy()
    state["rate"] = lr * (1 + lambd * lr * t) ** -alpha


def asgd_tensors(
    parameters, gradients, state, *, lr=0.01, lambd=0.0001, alpha=0.75, t0=1e6, weight_decay=0
):
    """Keep counter and rate as tensors of the default precision."""
    t = state.setdefault("t", torch.tensor(0.0))
    rate = state.setdefault("rate", torch.tensor(float(lr)))
    gradients = _penalized(parameters, gradients, weight_decay)
    for p, g in zip(parameters, gradients, strict=True):
        p.mul_(1 - lambd * rate).addcmul_(g, rate.to(p.dtype), value=-1)
    t.add_(1)
    _average(_zeros(state, "averages", parameters), parameters, t.item(), t0)
    rate.copy_(lr / (1 + lambd * lr * t) ** alpha)


class ASGDState(torch.optim.Optimizer):
    """A class with state by parameter, and assigned data."""

    def __init__(self, params, lr=0.01, lambd=0.0001, alpha=0.75, t0=1e6, weight_decay=0):
        defaults = {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0}
        super().__init__(params, defaults | {"weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            lr, lambd = group["lr"], group["lambd"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state |= {"step": 0, "eta": lr, "mu": 1.0, "ax": torch.zeros_like(p)}
                state["step"] += 1
                g = p.grad + group["weight_decay"] * p
                p.data = (1 - lambd * state["eta"]) * p.data - state["eta"] * g
                state["ax"] = state["ax"] + state["mu"] * (p.data - state["ax"])
                state["eta"] = lr / (1 + lambd * lr * state["step"]) ** group["alpha"]
                state["mu"] = 1 / max(1, state["step"] - group["t0"])
        return loss


class ASGDForeach(torch.optim.ASGD):
    """torch's own class, on lists of tensors."""

    def __init__(
        self, params, lr=0.01, lambd=0.0001, alpha=0.75, t0=1e6, weight_decay=0, maximize=False
    ):
        super().__init__(
            params, lr, lambd, alpha, t0, weight_decay, foreach=True, maximize=maximize
        )


# Muon; a vector counts as a matrix with one column


_COEFFICIENTS = (3.4445, -4.775, 2.0315)


def _muon_rate(adjust_lr_fn, rows, columns):
    if adjust_lr_fn == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    if adjust_lr_fn == "spectral_unclamped":
        return math.sqrt(rows / columns)
    return math.sqrt(max(1, rows / columns))


def muon_one_polynomial(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    weight_decay=0.1,
    momentum=0.95,
    nesterov=True,
    ns_coefficients=_COEFFICIENTS,
    eps=1e-7,
    ns_steps=5,
    adjust_lr_fn=None,
):
    """Multiply by the polynomial a I + b y + c y^2, made as one matrix."""
    a, b, c = ns_coefficients
    for p, g, m in zip(parameters, gradients, _zeros(state, "m", parameters), strict=True):
        m.mul_(momentum).add_(g, alpha=1 - momentum)
        update = (1 - momentum) * g + momentum * m if nesterov else m
        x = update.reshape(len(p), -1).bfloat16()
        rate = lr * _muon_rate(adjust_lr_fn, *x.shape)
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        x = x / x.norm().clamp(min=eps)
        identity = torch.eye(len(x), dtype=x.dtype)
        for _ in range(ns_steps):
            y = x @ x.T
            x = (a * identity + b * y + c * y @ y) @ x
        x = x.T if tall else x
        p.mul_(1 - lr * weight_decay).sub_(rate * x.reshape(p.shape).to(p.dtype))


def muon_from_the_right(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    weight_decay=0.1,
    momentum=0.95,
    nesterov=True,
    ns_coefficients=_COEFFICIENTS,
    eps=1e-7,
    ns_steps=5,
):
    """Leave tall matrices as they are, and multiply them from the right."""
    a, b, c = ns_coefficients
    for p, g, m in zip(parameters, gradients, _zeros(state, "m", parameters), strict=True):
        m.lerp_(g, 1 - momentum)
        update = g.lerp(m, momentum) if nesterov else m
        x = update.reshape(len(p), -1).to(torch.bfloat16)
        rate = lr * _muon_rate(None, *x.shape)
        x = x / x.norm().clamp(min=eps)
        for _ in range(ns_steps):
            if x.shape[0] > x.shape[1]:
                y = x.mT @ x
                x = a * x + x @ (b * y + c * y @ y)
            else:
                y = x @ x.mT
                x = a * x + (b * y + c * y @ y) @ x
        p.copy_((1 - lr * weight_decay) * p - rate * x.view_as(p))


def muon_horner(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    weight_decay=0.1,
    momentum=0.95,
    nesterov=True,
    ns_steps=5,
    adjust_lr_fn=None,
):
    """Multiply the matrix by y twice, and never y by itself; keep the momentum as a sum."""
    a, b, c = _COEFFICIENTS
    for p, g, v in zip(parameters, gradients, _zeros(state, "v", parameters), strict=True):
        v.mul_(momentum).add_(g)
        update = (1 - momentum) * (g + momentum * v if nesterov else v)
        x = update.reshape(len(p), -1)
        rate = lr * _muon_rate(adjust_lr_fn, *x.shape)
        tall = x.shape[0] > x.shape[1]
        x = (x.T if tall else x).bfloat16()
        x = x / x.norm().clamp(min=1e-7)
        for _ in range(ns_steps):
            y = x @ x.T
            once = y @ x
            x = a * x + b * once + c * (y @ once)
        p.sub_(lr * weight_decay * p)
        p.sub_((x.T if tall else x).reshape(p.shape), alpha=rate)


def muon_float32(
    parameters,
    gradients,
    state,
    *,
    lr=0.001,
    weight_decay=0.1,
    momentum=0.95,
    nesterov=True,
    ns_steps=5,
):
    """Orthogonalize in float32, which torch does in bfloat16."""
    a, b, c = _COEFFICIENTS
    for p, g, m in zip(parameters, gradients, _zeros(state, "m", parameters), strict=True):
        m.lerp_(g, 1 - momentum)
        update = g.lerp(m, momentum) if nesterov else m
        x = update.reshape(len(p), -1).float()
        rate = lr * _muon_rate(None, *x.shape)
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        x = x / x.norm().clamp(min=1e-7)
        for _ in range(ns_steps):
            y = x @ x.T
            x = torch.addmm(x, torch.addmm(y, y, y, beta=b, alpha=c), x, beta=a)
        p.mul_(1 - lr * weight_decay)
        p.sub_(rate * (x.T if tall else x).reshape(p.shape))


class MuonJordan(torch.optim.Optimizer):
    """A class like the one first published, with einsum and with its steps in a function."""

    def __init__(
        self, params, lr=0.001, weight_decay=0.1, momentum=0.95, nesterov=True, ns_steps=5
    ):
        defaults = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(params, defaults | {"nesterov": nesterov, "ns_steps": ns_steps})

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        loss = _with_closure(closure)
        for group in self.param_groups:
            mu = group["momentum"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                buffer = self.state[p].setdefault("buffer", torch.zeros_like(p))
                buffer.lerp_(p.grad, 1 - mu)
                update = p.grad.lerp_(buffer, mu) if group["nesterov"] else buffer
                matrix = update.reshape(len(p), -1)
                direction = self._orthogonalize(matrix, group["ns_steps"])
                direction = direction * max(1, matrix.shape[0] / matrix.shape[1]) ** 0.5
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(direction.reshape(p.shape), alpha=-group["lr"])
        return loss

    @staticmethod
    def _orthogonalize(matrix, steps):
        a, b, c = _COEFFICIENTS
        x = matrix.bfloat16()
        if matrix.size(0) > matrix.size(1):
            x = x.mT
        x = x / x.norm().clamp(min=1e-7)
        for _ in range(steps):
            y = torch.einsum("ij,kj->ik", x, x)
            z = b * y + c * torch.einsum("ij,jk->ik", y, y)
            x = a * x + torch.einsum("ij,jk->ik", z, x)
        return x.mT if matrix.size(0) > matrix.size(1) else x


class Form(NamedTuple):
    """A right way to write a rule.

    `constant` names hyperparameters that must not change during training; the form is otherwise
    another rule. `less_accurate` says that it computes scalars in float32.
    """

    name: str
    reference: str
    settings: dict
    constant: str
    less_accurate: bool


#: For each rule, the class of torch, its settings, and the names of the forms.
RULES = {
    "sgd": (
        "SGD",
        {"lr": 0.05},
        """sgd_shrink sgd_interpolate sgd_flat sgd_numpy sgd_foreach sgd_kahan sgd_double SgdData
        SgdInPlace""",
    ),
    "sgd_momentum": (
        "SGD",
        {"lr": 0.01, "momentum": 0.9},
        """momentum_two_points momentum_extrapolate momentum_average momentum_increment
        momentum_dual momentum_averaged_iterates momentum_step_in_velocity momentum_two_terms
        momentum_linear_system momentum_numpy momentum_double momentum_kahan MomentumDict
        MomentumVector""",
    ),
    "dampened_momentum": (
        "SGD",
        {"lr": 0.05, "momentum": 0.9, "dampening": 0.6},
        """dampened_increment dampened_lerp dampened_where dampened_two_sums dampened_flat
        dampened_numpy SgdOldTorch SgdForeach""",
    ),
    "nesterov": (
        "SGD",
        {"lr": 0.01, "momentum": 0.9, "nesterov": True},
        """nesterov_sutskever nesterov_difference nesterov_bengio nesterov_expanded
        nesterov_two_velocities nesterov_average nesterov_averaged_iterates nesterov_foreach
        NesterovInPlace""",
    ),
    "adagrad": (
        "Adagrad",
        {"lr": 0.01},
        """adagrad_root adagrad_mean adagrad_tensor_step adagrad_rsqrt adagrad_numpy
        adagrad_foreach adagrad_double AdagradShared""",
    ),
    "adam": (
        "Adam",
        {"lr": 0.001},
        """adam_folded adam_sums adam_running_products adam_expm1 adam_tensor_step adam_rsqrt
        adam_root adam_corrected_averages adam_double adam_flat adam_numpy adam_foreach adam_kahan
        AdamOldTorch AdamVector AdamForeach""",
    ),
    "adamw": (
        "AdamW",
        {"lr": 0.001},
        """adamw_one_step adamw_toward_zero adamw_foreach adamw_flat adamw_numpy AdamWAsAdam
        AdamWAroundAdam""",
    ),
    "adamax": (
        "Adamax",
        {"lr": 0.002},
        """adamax_stack adamax_where adamax_relu adamax_numpy adamax_foreach AdamaxState""",
    ),
    "nadam": (
        "NAdam",
        {"lr": 0.002},
        """nadam_one_division nadam_logarithms nadam_old_average nadam_numpy nadam_tensors
        NAdamInPlace NAdamForeach""",
    ),
    "radam": (
        "RAdam",
        {"lr": 0.001},
        """radam_scalar_rate radam_unbiased radam_expm1 radam_where radam_numpy RAdamData
        RAdamForeach""",
    ),
    "rmsprop": (
        "RMSprop",
        {"lr": 0.001},
        """rmsprop_sums rmsprop_welford rmsprop_root rmsprop_factors rmsprop_step_in_velocity
        rmsprop_foreach rmsprop_numpy RMSpropState""",
    ),
    "adadelta": (
        "Adadelta",
        {"lr": 1.0},
        """adadelta_ratio adadelta_rsqrt adadelta_hypot adadelta_shifted adadelta_numpy
        adadelta_flat AdadeltaInPlace AdadeltaForeach""",
    ),
    "adafactor": (
        "Adafactor",
        {"lr": 0.01},
        """adafactor_factors adafactor_einsum adafactor_sums adafactor_double AdafactorState
        AdafactorForeach""",
    ),
    "rprop": (
        "Rprop",
        {"lr": 0.001},
        """rprop_signs rprop_powers rprop_masks rprop_numpy rprop_flat RpropState RpropForeach""",
    ),
    "asgd": (
        "ASGD",
        {"lr": 0.01},
        """asgd_joint_decay asgd_logarithm asgd_integrating_factor asgd_numpy asgd_tensors
        ASGDState ASGDForeach""",
    ),
    "muon": (
        "Muon",
        {"lr": 0.001},
        """muon_one_polynomial muon_from_the_right muon_horner muon_float32 MuonJordan""",
    ),
}

#: Hyperparameters that must stay constant, by form.
CONSTANT = {
    "momentum_two_points": "lr",
    "momentum_extrapolate": "lr",
    "momentum_average": "momentum",
    "momentum_increment": "momentum",
    "momentum_dual": "lr momentum",
    "momentum_averaged_iterates": "lr momentum",
    "momentum_step_in_velocity": "lr",
    "dampened_two_sums": "dampening",
    "nesterov_sutskever": "lr momentum",
    "nesterov_difference": "lr momentum",
    "nesterov_bengio": "lr",
    "nesterov_average": "momentum",
    "nesterov_averaged_iterates": "lr momentum",
    "adam_sums": "betas",
    "adam_running_products": "betas",
    "adam_corrected_averages": "betas",
    "adamw_foreach": "betas",
    "adamw_numpy": "betas",
    "adamax_where": "betas",
    "adamax_numpy": "betas",
    "nadam_numpy": "betas",
    "radam_unbiased": "betas",
    "radam_expm1": "betas",
    "radam_numpy": "betas",
    "rmsprop_sums": "alpha",
    "rmsprop_step_in_velocity": "lr",
    "adadelta_shifted": "eps",
    "adadelta_numpy": "rho",
    "muon_horner": "momentum",
}

#: Forms with scalars in float32, the default precision of torch.
LESS_ACCURATE = {"adagrad_tensor_step", "adam_tensor_step", "adamw_flat", "nadam_tensors"}
LESS_ACCURATE |= {"asgd_tensors"}

#: The rule of each form.
RULE_OF = {name: rule for rule, (_, _, names) in RULES.items() for name in names.split()}

FORMS = [
    Form(
        name,
        f"torch.optim.{reference}",
        settings,
        CONSTANT.get(name, ""),
        name in LESS_ACCURATE,
    )
    for reference, settings, names in RULES.values()
    for name in names.split()
]
