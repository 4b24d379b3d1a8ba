"""torch_optimizer.Lamb corrects the bias after the trust ratio, which then cannot undo it."""

import torch
import torch_optimizer

b1, b2, lr, eps = 0.9, 0.999, 0.1, 1e-6
weight = torch.nn.Parameter(torch.tensor([1.0]))
optimizer = torch_optimizer.Lamb([weight], lr=lr, betas=(b1, b2), eps=eps, debias=True)
w, m, v = 1.0, 0.0, 0.0
for t, g in enumerate([1.0, 1.0, 1.0], start=1):
    before = weight.item()
    weight.grad = torch.tensor([g])
    optimizer.step()
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    r = m / (1 - b1**t) / ((v / (1 - b2**t)) ** 0.5 + eps)
    step = lr * abs(w) / abs(r) * r  # lr |w| / |r| r
    w -= step
    print(f"step {t}: got {before - weight.item():.6f} paper {step:.6f}")
