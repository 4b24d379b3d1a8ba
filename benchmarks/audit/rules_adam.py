"""Update rules with a second moment, written from their papers.

They are as small as they can be: no options but those that the audit sets. Each takes lists of
parameters and gradients, and a dict that it keeps its state in.
"""

import math

import torch


def _begin(state, parameters, *names):
    """Fill an empty state with zeros like the parameters; return the iteration, from 1."""
    if not state:
        state["t"] = 0
        for name in names:
            state[name] = [torch.zeros_like(p) for p in parameters]
    state["t"] += 1
    return state["t"]


def _corrected(b, t, mean):
    return mean / (1 - b**t)


def _average(mean, new, b):
    mean.mul_(b).add_((1 - b) * new)


def lamb(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-6, bias_correction=False):
    """LAMB (You et al., ICLR 2020); its version 3 has no bias correction.

    The trust ratio is phi(|w|) / |r|, phi the identity; it is 1 where one of the two norms is 0.
    """
    t = _begin(state, parameters, "m", "v")
    for w, g, m, v in zip(parameters, gradients, state["m"], state["v"], strict=True):
        _average(m, g, betas[0])
        _average(v, g * g, betas[1])
        if bias_correction:
            r = _corrected(betas[0], t, m) / (_corrected(betas[1], t, v).sqrt() + eps)
        else:
            r = m / (v.sqrt() + eps)
        size, length = w.norm(), r.norm()
        ratio = torch.where((size > 0) & (length > 0), size / length, 1.0)
        w -= lr * ratio * r


def ranger(
    parameters, gradients, state, *, lr, betas=(0.95, 0.999), eps=1e-5, k=6, alpha=0.5, first="sgd"
):
    """Ranger: RAdam (Liu et al., ICLR 2020), Algorithm 2, in Lookahead (Zhang et al., 2019).

    As in the author's code, the rate is rectified from rho >= 5 on, and epsilon is beside the
    uncorrected root. Before that, RAdam takes the step lr m / (1 - b1^t), here with first="sgd".
    With first="nothing" it takes none, an option of RAdam's authors.
    """
    t = _begin(state, parameters, "m", "v")
    if t == 1:
        state["slow"] = [w.clone() for w in parameters]
    b1, b2 = betas
    longest = 2 / (1 - b2) - 1
    rho = longest - 2 * t * b2**t / (1 - b2**t)
    rows = zip(parameters, gradients, state["m"], state["v"], state["slow"], strict=True)
    for w, g, m, v, slow in rows:
        _average(m, g, b1)
        _average(v, g * g, b2)
        if rho >= 5:
            rectified = (rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho)
            scale = math.sqrt((1 - b2**t) * rectified) / (1 - b1**t)
            w -= lr * scale * m / (v.sqrt() + eps)
        elif first == "sgd":
            w -= lr * m / (1 - b1**t)
        if t % k == 0:
            slow += alpha * (w - slow)
            w.copy_(slow)


def adopt(parameters, gradients, state, *, lr, betas=(0.9, 0.9999), eps=1e-6):
    """ADOPT with clipping (Taniguchi et al., NeurIPS 2024), with c_t = t^(1/4).

    The first gradient only fills v_0; updates are numbered from 1 after it.
    """
    t = _begin(state, parameters, "m", "v") - 1
    for w, g, m, v in zip(parameters, gradients, state["m"], state["v"], strict=True):
        if t == 0:
            v.copy_(g * g)
            continue
        c = t**0.25
        _average(m, (g / v.sqrt().clamp(min=eps)).clamp(-c, c), betas[0])
        w -= lr * m
        _average(v, g * g, betas[1])


def simplified_ademamix(
    parameters, gradients, state, *, lr, betas=(0.99, 0.95), eps=1e-8, alpha=0.0, averaged=False
):
    """Simplified AdEMAMix (Morwani et al., 2025), with the bias of v corrected.

    m sums gradients, m <- b1 m + g; with `averaged` it averages them, m <- b1 m + (1 - b1) g.
    """
    t = _begin(state, parameters, "m", "v")
    for w, g, m, v in zip(parameters, gradients, state["m"], state["v"], strict=True):
        m.mul_(betas[0]).add_((1 - betas[0] if averaged else 1) * g)
        _average(v, g * g, betas[1])
        w -= lr * (m + alpha * g) / (_corrected(betas[1], t, v).sqrt() + eps)


def ademamix(parameters, gradients, state, *, lr, betas=(0.9, 0.999, 0.9999), eps=1e-8, alpha=5.0):
    """AdEMAMix (Pagliardini et al., ICLR 2025), without its two schedules."""
    t = _begin(state, parameters, "m", "slow", "v")
    rows = zip(parameters, gradients, state["m"], state["slow"], state["v"], strict=True)
    for w, g, m, slow, v in rows:
        _average(m, g, betas[0])
        _average(slow, g, betas[2])
        _average(v, g * g, betas[1])
        root = _corrected(betas[1], t, v).sqrt() + eps
        w -= lr * (_corrected(betas[0], t, m) + alpha * slow) / root


def avagrad(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=0.1):
    """AvaGrad (Savarese et al., CVPR 2021), with the bias corrections of Adam.

    The step is lr eta / |eta / sqrt(d)| m, eta = 1 / (sqrt(v_{t-1}) + eps): the same eta in both
    places, over all parameters. As there is no v_0, the first gradient fills the averages only.
    """
    t = _begin(state, parameters, "m", "v")
    for g, m in zip(gradients, state["m"], strict=True):
        _average(m, g, betas[0])
    if t > 1:
        eta = [1 / (_corrected(betas[1], t - 1, v).sqrt() + eps) for v in state["v"]]
        squares = sum((e * e).sum() for e in eta)
        size = (squares / sum(e.numel() for e in eta)).sqrt()
        for w, m, e in zip(parameters, state["m"], eta, strict=True):
            w -= lr * e / size * _corrected(betas[0], t, m)
    for g, v in zip(gradients, state["v"], strict=True):
        _average(v, g * g, betas[1])


def padam(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-8, partial=0.25):
    """Padam (Chen et al., IJCAI 2020): AMSGrad with the exponent p, not 1/2.

    As in the authors' code, biases are corrected by the factor sqrt(1 - b2^t) / (1 - b1^t), and
    epsilon is added to the root before the power.
    """
    t = _begin(state, parameters, "m", "v", "largest")
    scale = lr * math.sqrt(1 - betas[1] ** t) / (1 - betas[0] ** t)
    rows = zip(parameters, gradients, state["m"], state["v"], state["largest"], strict=True)
    for w, g, m, v, largest in rows:
        _average(m, g, betas[0])
        _average(v, g * g, betas[1])
        largest.copy_(torch.maximum(largest, v))
        w -= scale * m / (largest.sqrt() + eps) ** (2 * partial)


def adashift(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-10, keep_num=10):
    """AdaShift (Zhou et al., ICLR 2019), max-AdaShift.

    v_t is an average of max(g_{t-n}^2) over each tensor; m_t weighs the last n gradients with
    powers of b1. The first n gradients take no step.
    """
    t = _begin(state, parameters, "v")
    state.setdefault("last", [[] for _ in parameters])
    weights = [betas[0] ** i for i in range(keep_num)]
    for w, g, v, last in zip(parameters, gradients, state["v"], state["last"], strict=True):
        last.append(g.clone())
        if t <= keep_num:
            continue
        _average(v, (last.pop(0) ** 2).amax(), betas[1])
        m = sum(b * old for b, old in zip(weights, reversed(last), strict=True)) / sum(weights)
        w -= lr * m / (_corrected(betas[1], t - keep_num, v).sqrt() + eps)


def stable_adamw(parameters, gradients, state, *, lr, betas=(0.9, 0.99), eps=1e-8):
    """StableAdamW (Wortsman et al., NeurIPS 2023), without weight decay."""
    t = _begin(state, parameters, "m", "v")
    b1, b2 = (b * (1 - b ** (t - 1)) / (1 - b**t) for b in betas)
    for w, g, m, v in zip(parameters, gradients, state["m"], state["v"], strict=True):
        _average(m, g, b1)
        _average(v, g * g, b2)
        rms = (g * g / v.clamp(min=eps**2)).mean().sqrt()
        w -= lr / rms.clamp(min=1) * m / (v.sqrt() + eps)


def grams(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-6):
    """Grams (Cao et al., 2024): Adam's size, the gradient's sign."""
    t = _begin(state, parameters, "m", "v")
    for w, g, m, v in zip(parameters, gradients, state["m"], state["v"], strict=True):
        _average(m, g, betas[0])
        _average(v, g * g, betas[1])
        step = _corrected(betas[0], t, m) / (_corrected(betas[1], t, v).sqrt() + eps)
        w -= lr * g.sign() * step.abs()


def exadam(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-8):
    """EXAdam (Adly, 2024), at a constant learning rate."""
    t = _begin(state, parameters, "m", "v")
    p1, p2 = betas[0] ** t, betas[1] ** t
    for w, g, m, v in zip(parameters, gradients, state["m"], state["v"], strict=True):
        _average(m, g, betas[0])
        _average(v, g * g, betas[1])
        up = 1 + v / (v + eps) * p2
        mean, square = m / (1 - p1) * up, v / (1 - p2) * (1 + m * m / (m * m + eps) * p1)
        w -= lr * (mean + g / (1 - p1) * up) / (square.sqrt() + eps)


def adamg(parameters, gradients, state, *, lr, betas=(0.95, 0.999, 0.95), eps=1e-8, p=0.2, q=0.24):
    """AdamG (Pan and Sharma, 2024): s(x) = p x^q, rate min(lr, 1 / sqrt(t))."""
    t = _begin(state, parameters, "m", "v", "r")
    rows = zip(parameters, gradients, state["m"], state["v"], state["r"], strict=True)
    for w, g, m, v, r in rows:
        _average(v, g * g, betas[1])
        _average(r, p * v**q, betas[2])
        _average(m, r * g, betas[0])
        root = _corrected(betas[1], t, v).sqrt() + eps
        w -= min(lr, 1 / math.sqrt(t)) * _corrected(betas[0], t, m) / root


def kate(parameters, gradients, state, *, lr, delta=0.0, eps=1e-8):
    """KATE (Choudhury et al., NeurIPS 2024), with eps in every b_t^2."""
    _begin(state, parameters, "b", "m")
    for w, g, b, m in zip(parameters, gradients, state["b"], state["m"], strict=True):
        b += g * g + eps  # b and m hold squares
        m += delta * g * g + g * g / b
        w -= lr * m.sqrt() * g / b


def msvag(parameters, gradients, state, *, lr, beta=0.9):
    """M-SVAG (Balles and Hennig, ICML 2018), with rho at most 0.9999."""
    t = _begin(state, parameters, "m", "v")
    rho = min((1 - beta) * (1 + beta**t) / ((1 + beta) * (1 - beta**t)), 0.9999)
    for w, g, m, v in zip(parameters, gradients, state["m"], state["v"], strict=True):
        _average(m, g, beta)
        _average(v, g * g, beta)
        mean, square = _corrected(beta, t, m), _corrected(beta, t, v)
        variance = (square - mean**2) / (1 - rho)
        factor = mean**2 / (mean**2 + rho * variance)
        w -= lr * factor.nan_to_num(0.0).clamp(0, 1) * mean


def fadam(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-8, eps_2=0.01):
    """FAdam (Hwang, 2024), with p = 1/2 and without weight decay."""
    t = _begin(state, parameters, "m", "f")
    b2 = betas[1] * (1 - betas[1] ** (t - 1)) / (1 - betas[1] ** t)
    for w, g, m, f in zip(parameters, gradients, state["m"], state["f"], strict=True):
        _average(f, g * g, b2)
        size = (g * g).mean().sqrt()
        small = torch.where(size > 0, (eps_2 * size).clamp(max=eps), eps)
        natural = g / (f.sqrt() + small)
        _average(m, natural / (natural**2).mean().sqrt().clamp(min=1), betas[0])
        w -= lr * m


def adapnm(parameters, gradients, state, *, lr, betas=(0.9, 0.999, 1.0), eps=1e-8, under=0.0):
    """AdaPNM (Xie et al., ICML 2021), with the largest v, as in AMSGrad.

    The two momenta take turns; epsilon is beside the uncorrected root, as in the authors' code.
    `under` is added under the root.
    """
    t = _begin(state, parameters, "one", "other", "v", "largest")
    b1, b2, b3 = betas
    names = ("one", "other") if t % 2 else ("other", "one")
    rows = zip(
        parameters, gradients, *(state[name] for name in (*names, "v", "largest")), strict=True
    )
    for w, g, positive, negative, v, largest in rows:
        _average(positive, g, b1**2)
        _average(v, g * g, b2)
        largest.copy_(torch.maximum(largest, v))
        momentum = ((1 + b3) * positive - b3 * negative) / math.sqrt((1 + b3) ** 2 + b3**2)
        root = ((largest + under).sqrt() + eps) / math.sqrt(1 - b2**t)
        w -= lr / (1 - b1**t) * momentum / root


def adanorm(parameters, gradients, state, *, lr, betas=(0.9, 0.99), eps=1e-8, r=0.95, under=0.0):
    """AdamNorm (Dubey et al., WACV 2023); epsilon beside the uncorrected root.

    `under` is added under the root.
    """
    t = _begin(state, parameters, "m", "v")
    norms = state.setdefault("norms", [torch.zeros((), dtype=p.dtype) for p in parameters])
    rows = zip(parameters, gradients, state["m"], state["v"], norms, strict=True)
    for w, g, m, v, norm in rows:
        _average(norm, g.norm(), r)
        _average(m, torch.where(norm > g.norm(), g * norm / g.norm(), g), betas[0])
        _average(v, g * g, betas[1])
        root = ((v + under).sqrt() + eps) / math.sqrt(1 - betas[1] ** t)
        w -= lr * _corrected(betas[0], t, m) / root


def laprop(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-15):
    """LaProp (Ziyin et al., 2020): momentum of gradients that are divided before."""
    t = _begin(state, parameters, "m", "v")
    for w, g, m, v in zip(parameters, gradients, state["m"], state["v"], strict=True):
        _average(v, g * g, betas[1])
        _average(m, g / (_corrected(betas[1], t, v).sqrt() + eps), betas[0])
        w -= lr * _corrected(betas[0], t, m)


def adai(parameters, gradients, state, *, lr, betas=(0.1, 0.99), eps=1e-3):
    """Adai (Xie et al., ICML 2022): the second moment sets the momentum."""
    t = _begin(state, parameters, "m", "v")
    state.setdefault("product", [torch.ones_like(p) for p in parameters])
    for g, v in zip(gradients, state["v"], strict=True):
        _average(v, g * g, betas[1])
    squares = [_corrected(betas[1], t, v) for v in state["v"]]
    mean = sum(v.sum() for v in squares) / sum(v.numel() for v in squares)
    rows = zip(parameters, gradients, state["m"], squares, state["product"], strict=True)
    for w, g, m, v, product in rows:
        b1 = (1 - v / mean * betas[0]).clamp(0, 1 - eps)
        product *= b1
        m.mul_(b1).add_((1 - b1) * g)
        w -= lr * m / (1 - product)


def amos(parameters, gradients, state, *, lr, beta=0.999, eps=1e-18):
    """Amos (Tian and Parikh, 2022), without momentum; c and d as in the paper.

    The expected scale of a tensor is 1/2 for vectors and sqrt(2 / inputs) for matrices.
    """
    t = _begin(state, parameters)
    moments = state.setdefault("v", [torch.zeros((), dtype=p.dtype) for p in parameters])
    decays = state.setdefault("b", [torch.zeros((), dtype=p.dtype) for p in parameters])
    for w, g, v, b in zip(parameters, gradients, moments, decays, strict=True):
        scale = 0.5 if w.ndim <= 1 else math.sqrt((2 if w.ndim == 2 else 1) / w.shape[1])
        square = (g * g).mean()
        _average(v, square, beta)
        corrected = (v + eps) / (1 - beta**t)
        gamma = lr**2 / corrected * square / (1 + 0.25 * math.sqrt(lr) * b).sqrt()
        step = lr * scale * g / corrected.sqrt() + gamma / 2 * w
        w -= step / (1 + 0.25 * math.sqrt(lr * scale) * b)
        b += gamma * (1 + b)


def adamod(parameters, gradients, state, *, lr, betas=(0.9, 0.99, 0.9999), eps=1e-8):
    """AdaMod (Ding et al., 2019); epsilon beside the uncorrected root."""
    t = _begin(state, parameters, "m", "v", "s")
    scale = lr * math.sqrt(1 - betas[1] ** t) / (1 - betas[0] ** t)
    rows = zip(parameters, gradients, state["m"], state["v"], state["s"], strict=True)
    for w, g, m, v, s in rows:
        _average(m, g, betas[0])
        _average(v, g * g, betas[1])
        rate = scale / (v.sqrt() + eps)
        _average(s, rate, betas[2])
        w -= torch.minimum(rate, s) * m


def adan(parameters, gradients, state, *, lr, betas=(0.98, 0.92, 0.99), eps=1e-8, maximize=False):
    """Adan (Xie et al., 2022), Algorithm 1, with betas as its authors' code counts them."""
    t = _begin(state, parameters, "m", "d", "n")
    gradients = [-g if maximize else g for g in gradients]
    before = state.get("before", gradients)
    b1, b2, b3 = betas
    rows = zip(parameters, gradients, before, state["m"], state["d"], state["n"], strict=True)
    for w, g, old, m, d, n in rows:
        _average(m, g, b1)
        _average(d, g - old, b2)
        _average(n, (g + b2 * (g - old)) ** 2, b3)
        root = _corrected(b3, t, n).sqrt() + eps
        w -= lr * (_corrected(b1, t, m) + b2 * _corrected(b2, t, d)) / root
    state["before"] = [g.clone() for g in gradients]


def _factored(g, row, column, b):
    """Average the squares of a matrix by rows and by columns; return their product."""
    _average(row, g.mean(-1), b)
    _average(column, g.mean(-2), b)
    return (row / row.mean(-1, keepdim=True)).unsqueeze(-1) * column.unsqueeze(-2)


def _clipped(step):
    return step / (step**2).mean().sqrt().clamp(min=1)


def _moments(parameters):
    """Make what second moments of matrices, and of vectors, are kept in."""
    return [
        [w.new_zeros(w.shape[:-1]), w.new_zeros(w.shape[:-2] + w.shape[-1:])]
        if w.ndim > 1
        else [torch.zeros_like(w)]
        for w in parameters
    ]


def adafactor(parameters, gradients, state, *, lr, ams_bound=False):
    """Adafactor (Shazeer and Stern, ICML 2018), at a rate that is given.

    Decay 1 - t^-0.8, at most 0.999; updates are clipped to an RMS of 1. With ams_bound, the largest
    second moment so far takes its place (AMSGrad, Reddi et al., ICLR 2018).
    """
    t = _begin(state, parameters, "largest")
    moments = state.setdefault("moments", _moments(parameters))
    b = min(0.999, 1 - t**-0.8)
    for w, g, kept, largest in zip(parameters, gradients, moments, state["largest"], strict=True):
        square = g * g + 1e-30
        if w.ndim > 1:
            v = _factored(square, *kept, b)
        else:
            _average(kept[0], square, b)
            v = kept[0]
        if ams_bound:
            v = largest.copy_(torch.maximum(largest, v))
        w -= lr * _clipped(g / v.sqrt())


def came(parameters, gradients, state, *, lr, betas=(0.9, 0.999, 0.9999), ams_bound=False):
    """CAME (Luo et al., ACL 2023); ams_bound as in `adafactor`."""
    _begin(state, parameters, "m", "largest")
    moments = state.setdefault("moments", _moments(parameters))
    trust = state.setdefault("trust", _moments(parameters))
    rows = zip(parameters, gradients, moments, trust, state["m"], state["largest"], strict=True)
    for w, g, kept, instability, m, largest in rows:
        square = g * g + 1e-30
        if w.ndim > 1:
            v = _factored(square, *kept, betas[1])
        else:
            _average(kept[0], square, betas[1])
            v = kept[0]
        if ams_bound:
            v = largest.copy_(torch.maximum(largest, v))
        step = _clipped(g / v.sqrt())
        _average(m, step, betas[0])
        step = m
        if w.ndim > 1:
            residual = (_clipped(g / v.sqrt()) - m) ** 2 + 1e-16
            step = m / _factored(residual, *instability, betas[2]).sqrt()
        w -= lr * step
