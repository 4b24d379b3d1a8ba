"""ASGD takes | |x| - |y| | for the distance |x - y|, of parameters and of gradients."""

import pytorch_optimizer
import torch

w = torch.nn.Parameter(torch.tensor([1.0, 0.0], dtype=torch.float64))
optimizer = pytorch_optimizer.ASGD([w], lr=0.1, eps=0.0)
rate, theta, x, old, turned = 0.1, 1.0, (1.0, 0.0), None, None
# the loss is 50 |x|^2 in two gradients of one size, at right angles: L is large
for step, g in enumerate([(0.0, 1.0), (10.0, 1.0), (0.0, -20.0)], 1):
    w.grad = torch.tensor(g, dtype=torch.float64)
    optimizer.step()
    got = optimizer.param_groups[0]["lr"]
    new = rate * (1 + 0.02 * theta) ** 0.5
    if old is not None:
        moved = sum((a - b) ** 2 for a, b in zip(x, old, strict=True)) ** 0.5
        bent = sum((a - b) ** 2 for a, b in zip(g, turned, strict=True)) ** 0.5
        new = min(new, moved / bent)
    theta, rate, old, turned = new / rate, new, x, g
    x = tuple(a - rate * b for a, b in zip(x, g, strict=True))
    print(f"step {step}: got rate {got:.5f} paper {rate:.5f}")
