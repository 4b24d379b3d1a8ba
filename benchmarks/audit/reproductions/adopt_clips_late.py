"""ADOPT clips at (t + 1)^(1/4), not at t^(1/4)."""

import pytorch_optimizer
import torch

w = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
optimizer = pytorch_optimizer.ADOPT([w], lr=0.1, betas=(0.9, 0.9999))
m, v = 0.0, 1.0  # v_0 = g_0^2
for t, g in enumerate([1.0, 100.0, 100.0, 1000.0]):
    before = w.item()
    w.grad = torch.full_like(w, g)
    optimizer.step()
    if t == 0:
        continue  # the first gradient only makes v_0
    m = 0.9 * m + 0.1 * min(g / v**0.5, t**0.25)
    v = 0.9999 * v + 0.0001 * g**2
    print(f"update {t}: got {w.item() - before:+.5f} paper {-0.1 * m:+.5f}")
