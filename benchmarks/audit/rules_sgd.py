"""Update rules without a second moment, written from their papers; see rules_adam.py."""

import math

import torch


def _zeros(state, parameters, *names):
    if not state:
        for name in names:
            state[name] = [torch.zeros_like(p) for p in parameters]


def signum(parameters, gradients, state, *, lr, momentum=0.9):
    """Signum (Bernstein et al., ICML 2018)."""
    _zeros(state, parameters, "m")
    for w, g, m in zip(parameters, gradients, state["m"], strict=True):
        m.mul_(momentum).add_((1 - momentum) * g)
        w -= lr * m.sign()


def tiger(parameters, gradients, state, *, lr, beta=0.965, weight_decay=0.01):
    """Tiger (Su, 2023): the sign of an average, with decoupled weight decay."""
    _zeros(state, parameters, "m")
    for w, g, m in zip(parameters, gradients, state["m"], strict=True):
        m.mul_(beta).add_((1 - beta) * g)
        w -= lr * (m.sign() + weight_decay * w)


def pnm(parameters, gradients, state, *, lr, betas=(0.9, 1.0)):
    """PNM (Xie et al., ICML 2021): positive and negative momentum, by turns."""
    _zeros(state, parameters, "one", "other")
    state["one"], state["other"] = state["other"], state["one"]
    b1, b0 = betas
    for w, g, positive, negative in zip(
        parameters, gradients, state["one"], state["other"], strict=True
    ):
        positive.mul_(b1**2).add_((1 - b1**2) * g)
        w -= lr * ((1 + b0) * positive - b0 * negative) / math.sqrt((1 + b0) ** 2 + b0**2)


def nero(parameters, gradients, state, *, lr, beta=0.999, eps=1e-8):
    """Nero (Liu et al., ICML 2021): neuron by neuron, on the constraint set."""

    def norm(x):
        return x.norm(dim=tuple(range(1, x.ndim)), keepdim=True) if x.ndim > 1 else x.abs()

    def constrain(w):
        if w.ndim > 1:
            w -= w.mean(dim=tuple(range(1, w.ndim)), keepdim=True)
            w /= norm(w) + eps

    if not state:
        for w in parameters:
            constrain(w)
        state |= {"t": 0, "v": [torch.zeros_like(norm(w)) for w in parameters]}
        sizes = [norm(w).mean().item() for w in parameters]
        state["sizes"] = [size or 0.01 for size in sizes]
    state["t"] += 1
    for w, g, v, size in zip(parameters, gradients, state["v"], state["sizes"], strict=True):
        v.mul_(beta).add_((1 - beta) * norm(g) ** 2)
        w -= lr * size * (g / ((v / (1 - beta ** state["t"])).sqrt() + eps)).nan_to_num(0.0)
        constrain(w)


def adgd(parameters, gradients, state, *, lr, amplifier=0.02, dampening=1.0, eps=1e-5):
    """AdSGD: adaptive gradient descent (Malitsky and Mishchenko, ICML 2020).

    Rate k is min(sqrt(1 + amplifier theta) lr_{k-1}, |x_k - x_{k-1}| / (dampening |g_k - g_{k-1}|))
    with the constants of its version for networks, in the authors' code with eps added.
    """
    if state:
        moved = math.sqrt(
            sum(((p - q) ** 2).sum() for p, q in zip(parameters, state["w"], strict=True))
        )
        turned = math.sqrt(
            sum(((g - h) ** 2).sum() for g, h in zip(gradients, state["g"], strict=True))
        )
    else:
        state |= {"lr": lr, "theta": 1.0}
        moved = turned = 0.0
    rate = state["lr"] * math.sqrt(1 + amplifier * state["theta"])
    if moved > 0 and turned > 0:
        rate = min(rate, moved / (dampening * turned)) + eps
    state |= {"theta": rate / state["lr"], "lr": rate}
    state |= {"w": [p.clone() for p in parameters], "g": [g.clone() for g in gradients]}
    for w, g in zip(parameters, gradients, strict=True):
        w -= rate * g


def ftrl(parameters, gradients, state, *, lr, lr_power=-0.5, beta=0.0, lambda_1=0.0, lambda_2=0.0):
    """FTRL-Proximal (McMahan et al., KDD 2013).

    Its rate is lr / (beta + sqrt(n)); the exponent of n is -lr_power, as in TensorFlow and Keras.
    """
    _zeros(state, parameters, "z", "n")
    for w, g, z, n in zip(parameters, gradients, state["z"], state["n"], strict=True):
        new = n + g * g
        z += g - (new**-lr_power - n**-lr_power) / lr * w
        n.copy_(new)
        step = (lambda_1 * z.sign() - z) / ((beta + n**-lr_power) / lr + lambda_2)
        w.copy_(torch.where(z.abs() > lambda_1, step, 0.0))


def a2grad(parameters, gradients, state, *, beta=10.0, lips=10.0):
    """A2Grad (Deng, Cheng and Lan, 2018), A2Grad-uni, in its three sequences.

    a_k = 2 / (k + 2) and gamma_k = 2 L / (k + 1), with k from 0. The gradient is taken at
    (1 - a_k) mean_k + a_k x_k, which is what `parameters` holds.
    """
    if not state:
        state |= {"k": 0, "x": [p.clone() for p in parameters]}
        state |= {"mean": [p.clone() for p in parameters], "h2": [0.0 for _ in parameters]}
        state["gradients"] = [torch.zeros_like(p) for p in parameters]
    k = state["k"]
    for i, (w, g) in enumerate(zip(parameters, gradients, strict=True)):
        x, mean, average = state["x"][i], state["mean"][i], state["gradients"][i]
        average += (g - average) / (k + 1)
        state["h2"][i] += ((g - average) ** 2).sum()
        x -= g / (2 * lips / (k + 1) + beta * state["h2"][i] ** 0.5)
        mean.mul_(1 - 2 / (k + 2)).add_(2 / (k + 2) * x)
        w.copy_((1 - 2 / (k + 3)) * mean + 2 / (k + 3) * x)
    state["k"] += 1


def srmm(parameters, gradients, state, *, lr, beta=0.5):
    """Doubly averaged SGD, an SRMM (Lyu, 2022), as in its author's code without a memory length.

    Gradients and parameters are averaged with the weight (t + 1)^-b, from averages of 0.
    """
    _zeros(state, parameters, "g", "w")
    state["t"] = state.get("t", 0) + 1
    weight = (state["t"] + 1) ** -beta
    for w, g, mean, place in zip(parameters, gradients, state["g"], state["w"], strict=True):
        mean += weight * (g - mean)
        place += weight * (w - place) - lr * mean
        w.copy_(place)


def pid(parameters, gradients, state, *, lr, momentum=0.9, integral=5.0, derivative=10.0):
    """PID (An et al., CVPR 2018); the first gradient has no difference."""
    first = not state
    _zeros(state, parameters, "sums", "changes", "before")
    for w, g, total, change, before in zip(
        parameters, gradients, state["sums"], state["changes"], state["before"], strict=True
    ):
        total.mul_(momentum).add_(g)
        change.mul_(momentum).add_((1 - momentum) * (0 * g if first else g - before))
        before.copy_(g)
        w -= lr * (g + integral * total + derivative * change)


def sgdp(parameters, gradients, state, *, lr, momentum=0.9, delta=0.1, eps=1e-8):
    """SGDP (Heo et al., ICLR 2021): the step is projected, the momentum is not.

    Rows, and else the whole tensor, that the gradient is at right angles to count as invariant to
    their scale. Vectors never do.
    """
    _zeros(state, parameters, "m")
    for w, g, m in zip(parameters, gradients, state["m"], strict=True):
        m.mul_(momentum).add_(g)
        step = m.clone()
        for rows in (w.shape[0], 1) if w.ndim > 1 else ():
            flat, slope, moved = (x.reshape(rows, -1) for x in (w, g, step))
            cosines = (flat * slope).sum(1).abs() / (
                (flat.norm(dim=1) + eps) * (slope.norm(dim=1) + eps)
            )
            if cosines.max() < delta / math.sqrt(flat.shape[1]):
                unit = flat / (flat.norm(dim=1, keepdim=True) + eps)
                step = (moved - unit * (unit * moved).sum(1, keepdim=True)).reshape(w.shape)
                break
        w -= lr * step


def shampoo(parameters, gradients, state, *, lr, matrix_eps=1e-4):
    """Shampoo (Gupta, Koren and Singer, ICML 2018), Algorithm 2: exponents -1 / (2 k)."""
    if not state:
        state["sums"] = [
            [matrix_eps * torch.eye(n, dtype=w.dtype) for n in w.shape] for w in parameters
        ]
    for w, g, sums in zip(parameters, gradients, state["sums"], strict=True):
        step = g.clone()
        for side, total in enumerate(sums):
            unfolded = g.movedim(side, 0).reshape(g.shape[side], -1)
            total += unfolded @ unfolded.T
            values, vectors = torch.linalg.eigh(total)
            root = vectors @ torch.diag(values ** (-1 / (2 * g.ndim))) @ vectors.T
            step = torch.tensordot(root, step.movedim(side, 0), dims=1).movedim(0, side)
        w -= lr * step
