"""torch_optimizer.Shampoo takes the power -1/k of a preconditioner, where the paper has -1/(2k)."""

import torch
import torch_optimizer

lr, eps = 0.1, 1e-4
weight = torch.nn.Parameter(torch.tensor([0.0]))  # one number: a tensor of order k = 1
optimizer = torch_optimizer.Shampoo([weight], lr=lr, epsilon=eps)
h = eps
for t, g in enumerate([4.0, 4.0, 4.0], start=1):
    before = weight.item()
    weight.grad = torch.tensor([g])
    optimizer.step()
    h += g * g
    print(f"step {t}: got {before - weight.item():.6f} paper {lr * h**-0.5 * g:.6f}")
