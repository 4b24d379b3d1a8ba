"""Ranger's first five steps go up: gradient 1, and the parameter grows."""

import pytorch_optimizer
import torch

w = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
optimizer = pytorch_optimizer.Ranger([w], lr=0.1)
for step in range(1, 6):
    before = w.item()
    w.grad = torch.ones_like(w)
    optimizer.step()
    # RAdam, Algorithm 2: while rho is small, w <- w - lr m / (1 - b1^t); m / (1 - b1^t) is 1 here
    print(f"step {step}: got {w.item() - before:+.4f} paper {-0.1:+.4f}")
