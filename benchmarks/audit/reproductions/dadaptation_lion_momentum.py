"""dadaptation.DAdaptLion adds a gradient to a momentum that is a million times smaller."""

import dadaptation
import torch

b1, b2 = 0.9, 0.99
weight = torch.nn.Parameter(torch.tensor([0.0]))
optimizer = dadaptation.DAdaptLion([weight], betas=(b1, b2))
m = 0.0
for t, g in enumerate([1.0] * 10 + [-0.1] * 3, start=1):
    before, d = weight.item(), optimizer.param_groups[0]["d"]
    weight.grad = torch.tensor([g])
    optimizer.step()
    c = b1 * m + (1 - b1) * g
    m = b2 * m + (1 - b2) * g
    if t > 10:
        step = (before - weight.item()) / d
        print(f"step {t}: got sign {step:+.0f} paper {1 if c > 0 else -1:+d}, d {d:.1e}")
