"""SM3, as its paper defines it."""

import torch


def sm3(parameters, gradients, state, *, lr, momentum=0.9, eps=0.0):
    """Keep, in place of a square for each weight, one for each row and for each column.

    Anil et al., Memory-efficient adaptive optimization, NeurIPS 2019, algorithm SM3-II with the
    sets of its section 4: nu(i) = min over the sets r with i of mu(r), plus g(i)^2;
    mu(r) = max of nu(i) over the set; the step is g / sqrt(nu), averaged with the momentum:
    m <- b m + (1 - b) g / sqrt(nu). 0 / 0 is 0; eps, 0 in
    the paper, is added under the root.
    """
    if not state:
        state["mu"] = [[w.new_zeros(n) for n in w.shape] for w in parameters]
        state["means"] = [torch.zeros_like(w) for w in parameters]
    for w, g, mu, m in zip(parameters, gradients, state["mu"], state["means"], strict=True):
        covers = [
            known.reshape([-1 if k == axis else 1 for k in range(g.ndim)])
            for axis, known in enumerate(mu)
        ]
        nu = g.square()
        if covers:
            nu = nu + torch.stack(torch.broadcast_tensors(*covers)).amin(0)
        for axis, known in enumerate(mu):
            known.copy_(nu.movedim(axis, 0).reshape(len(known), -1).amax(1))
        step = torch.where(nu > 0, g / (nu + eps).sqrt(), torch.zeros_like(g))
        m.mul_(momentum).add_(step, alpha=1 - momentum)
        w.sub_(lr * m)
