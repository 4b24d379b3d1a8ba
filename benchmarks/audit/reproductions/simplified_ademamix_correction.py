"""SimplifiedAdEMAMix divides by the correction of the second moment where it must multiply."""

import pytorch_optimizer
import torch

w = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
optimizer = pytorch_optimizer.SimplifiedAdEMAMix([w], lr=0.1, betas=(0.99, 0.95))
m = v = 0.0
for step in range(1, 5):
    before = w.item()
    w.grad = torch.ones_like(w)
    optimizer.step()
    m = 0.99 * m + 0.01 * 1  # an average, as the class has it; the paper's m is 100 times this
    v = 0.95 * v + 0.05 * 1**2
    paper = -0.1 * m / (v / (1 - 0.95**step)) ** 0.5
    print(f"step {step}: got {w.item() - before:+.5f} paper {paper:+.5f}")
