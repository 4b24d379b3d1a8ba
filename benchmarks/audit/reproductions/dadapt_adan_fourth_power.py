"""DAdaptAdan averages the fourth power of the gradient as its second moment."""

import dadaptation
import pytorch_optimizer
import torch

moments = []
for make in (pytorch_optimizer.DAdaptAdan, dadaptation.DAdaptAdan):
    w = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    optimizer = make([w], betas=(0.98, 0.92, 0.99), weight_decay=0.0)
    for _ in range(3):
        w.grad = torch.full_like(w, 0.1)
        optimizer.step()
    moments.append(optimizer.state[w]["exp_avg_sq"].item())
# n <- b3 n + (1 - b3) (g + b2 (g - g_before))^2; the gradient never changes
paper = (1 - 0.99**3) * 0.1**2
print(f"n_3: got {moments[0]:.4e} paper {paper:.4e}, its authors' package {moments[1]:.4e}")
