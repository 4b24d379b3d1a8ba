"""FTRL uses lr_power in one place, and the square root in the other."""

import pytorch_optimizer
import torch

w = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
optimizer = pytorch_optimizer.FTRL([w], lr=0.1, lr_power=-0.25)
z = n = 0.0
x = 1.0
for step in range(1, 4):
    w.grad = torch.full_like(w, 2.0)
    optimizer.step()
    z += 2.0 - ((n + 4.0) ** 0.25 - n**0.25) / 0.1 * x
    n += 4.0
    x = -z / (n**0.25 / 0.1)
    print(f"step {step}: got {w.item():+.5f} paper {x:+.5f}")
