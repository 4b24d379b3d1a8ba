"""SWATS, as its paper defines it."""

import torch


def swats(
    parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-3, tolerance=1e-6, least=1e-8
):
    """Begin as Adam, and go on as SGD once the learning rate that SGD would need has settled.

    Keskar and Socher, Improving generalization performance by switching from Adam to SGD, 2017:
    after Adam's step p, gamma = p.p / (-p.g) and lambda <- b2 lambda + (1 - b2) gamma;
    once lambda / (1 - b2^t) is as good as gamma, SGD begins with this learning rate Lambda:
    v <- b1 v + g, w <- w - (1 - b1) Lambda v. As in `torch_optimizer.SWATS`, there is a gamma for
    each tensor, the first that settles decides for all, as good as is up to `tolerance` and
    `least`, and eps is added to the root that is not corrected.
    """
    beta1, beta2 = betas
    if not state:
        state.update(t=0, rate=None, average=[0.0] * len(parameters))
        for name in "ms":
            state[name] = [torch.zeros_like(w) for w in parameters]
        state["v"] = [torch.zeros_like(w) for w in parameters]
    state["t"] = t = state["t"] + 1
    bias1, bias2 = 1 - beta1**t, 1 - beta2**t
    for k, (w, g) in enumerate(zip(parameters, gradients, strict=True)):
        m, s, v = (state[name][k] for name in "msv")
        if state["rate"] is not None:
            v.mul_(beta1).add_(g)
            w.sub_((1 - beta1) * state["rate"] * v)
            continue
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        p = -lr * bias2**0.5 / bias1 * m / (s.sqrt() + eps)
        w.add_(p)
        if (slope := (p * g).sum()) == 0:
            continue
        gamma = (p * p).sum() / -slope
        state["average"][k] = beta2 * state["average"][k] + (1 - beta2) * gamma
        settled = state["average"][k] / bias2
        if t > 1 and settled > 0 and abs(settled - gamma) <= least + tolerance * abs(gamma):
            state["rate"] = settled
