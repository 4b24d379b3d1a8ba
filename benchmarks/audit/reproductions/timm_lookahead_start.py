"""The slow weights of Lookahead begin too late in timm and torch_optimizer."""

import timm.optim
import torch
import torch_optimizer

lr, k, alpha = 0.1, 3, 0.5
weights = [torch.nn.Parameter(torch.tensor([0.0])) for _ in range(2)]
timms = timm.optim.Lookahead(torch.optim.SGD([weights[0]], lr=lr), k=k, alpha=alpha)
other = torch_optimizer.Lookahead(torch.optim.SGD([weights[1]], lr=lr), k=k, alpha=alpha)
fast = slow = 0.0
for t in range(1, 7):
    for weight, optimizer in zip(weights, (timms, other), strict=True):
        weight.grad = torch.ones(1)
        optimizer.step()
    fast -= lr
    if t % k == 0:
        fast = slow = slow + alpha * (fast - slow)
    got = ", ".join(f"{weight.item():.4f}" for weight in weights)
    print(f"step {t}: got {got} (timm, torch_optimizer) paper {fast:.4f}")
