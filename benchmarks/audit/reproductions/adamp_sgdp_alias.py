"""adamp.SGDP and torch_optimizer.SGDP project the velocity itself, not only the step."""

import adamp
import timm.optim
import torch

mu = 0.9
weights = [torch.nn.Parameter(torch.tensor([[1.0, 0.0]])) for _ in range(2)]
authors = adamp.SGDP([weights[0]], lr=1e-9, momentum=mu)
timms = timm.optim.SGDP([weights[1]], lr=1e-9, momentum=mu)
velocity = torch.zeros(1, 2)
for t, g in enumerate([torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])] * 2, start=1):
    for weight, optimizer in zip(weights, (authors, timms), strict=True):
        weight.grad = g.clone()
        optimizer.step()
    velocity = mu * velocity + g  # p_t = mu p_(t-1) + g_t, which the projection leaves alone
    got = [o.state[w]["momentum"].tolist() for w, o in zip(weights, (authors, timms), strict=True)]
    print(f"step {t}: got {got[0]} (timm {got[1]}) paper {velocity.tolist()}")
