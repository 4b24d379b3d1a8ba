"""A2Grad begins at k = 1, where its formulas begin at k = 0: the first step is twice too long."""

import pytorch_optimizer
import torch

w = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
optimizer = pytorch_optimizer.A2Grad([w], lips=10.0)
x = mean = place = 1.0
for k in range(4):
    before = w.item()
    w.grad = torch.ones_like(w)  # always the same, so that its variance h is 0
    optimizer.step()
    old = place
    x -= 1.0 / (2 * 10.0 / (k + 1))  # gamma_k = 2 L / (k + 1)
    mean += 2 / (k + 2) * (x - mean)  # alpha_k = 2 / (k + 2)
    place = mean + 2 / (k + 3) * (x - mean)  # the gradient of k + 1 is taken here
    print(f"step {k + 1}: got {w.item() - before:+.5f} paper {place - old:+.5f}")
