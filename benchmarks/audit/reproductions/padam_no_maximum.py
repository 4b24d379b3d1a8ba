"""PAdam keeps no maximum of the second moment, which Padam's Algorithm 1 does."""

import pytorch_optimizer
import torch

w = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
optimizer = pytorch_optimizer.PAdam([w], lr=0.1, betas=(0.9, 0.9), partial=0.25)
m = v = largest = 0.0
for step, g in enumerate([10.0, 0.1, 0.1, 0.1], 1):
    before = w.item()
    w.grad = torch.full_like(w, g)
    optimizer.step()
    m, v = 0.9 * m + 0.1 * g, 0.9 * v + 0.1 * g**2
    largest = max(largest, v)
    scale = -0.1 * (1 - 0.9**step) ** 0.5 / (1 - 0.9**step)
    paper, without = scale * m / largest**0.25, scale * m / v**0.25
    got = w.item() - before
    print(f"step {step}: got {got:+.5f} paper {paper:+.5f}, without the maximum {without:+.5f}")
