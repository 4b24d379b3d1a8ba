"""Adan with maximize=True takes the first gradient difference for -2 g, where it is 0."""

from itertools import pairwise

import pytorch_optimizer
import torch


def steps(gradient, maximize):
    """List three steps at a gradient that stays the same."""
    w = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    optimizer = pytorch_optimizer.Adan([w], lr=0.1, maximize=maximize)
    places = [1.0]
    for _ in range(3):
        w.grad = torch.full_like(w, gradient)
        optimizer.step()
        places.append(w.item())
    return [after - before for before, after in pairwise(places)]


# To maximize f is to minimize -f. The gradients never change, so all steps are lr m / sqrt(n) = lr.
for number, (up, down) in enumerate(zip(steps(1.0, True), steps(-1.0, False), strict=True), 1):
    print(f"step {number}: got {up:+.5f} paper +0.10000, minimizing -f {down:+.5f}")
