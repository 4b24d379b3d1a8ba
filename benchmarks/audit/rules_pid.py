"""PID, as its paper defines it."""

import torch


def pid(parameters, gradients, state, *, lr, momentum=0.9, integral=5.0, derivative=10.0):
    """Add the integral and the derivative of the gradient to it.

    An et al., A PID controller approach for stochastic optimization of deep networks, CVPR 2018:
    the derivative is a moving average of g_t - g_(t-1),
    D <- a D + (1 - a) (g_t - g_(t-1)), and the integral I <- a I + g, weighted as in the authors'
    code: w <- w - lr (g + k_i I + k_d D). Before the first gradient there is no difference: D is 0.
    """
    before = state.get("before", gradients)
    sums, trends = (
        state.setdefault(name, [torch.zeros_like(w) for w in parameters]) for name in "id"
    )
    for w, g, old, i, d in zip(parameters, gradients, before, sums, trends, strict=True):
        i.mul_(momentum).add_(g)
        d.mul_(momentum).add_(g - old, alpha=1 - momentum)
        w.sub_(lr * (g + integral * i + derivative * d))
    state["before"] = [g.clone() for g in gradients]
