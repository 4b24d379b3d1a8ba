"""SRMM with memory_length=None, for no refreshing, averages nothing: it is SGD."""

import pytorch_optimizer
import torch

w = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
optimizer = pytorch_optimizer.SRMM([w], lr=0.1, beta=0.5, memory_length=None)
mean_gradient = mean_place = 0.0
place = sgd = 1.0
for step, g in enumerate([1.0, -2.0, 3.0], 1):
    w.grad = torch.full_like(w, g)
    optimizer.step()
    weight = (step + 1) ** -0.5  # the authors' weights, with beta = 1/2
    mean_gradient += weight * (g - mean_gradient)
    mean_place += weight * (place - mean_place) - 0.1 * mean_gradient
    place, sgd = mean_place, sgd - 0.1 * g
    print(f"step {step}: got {w.item():+.5f} paper {place:+.5f}, SGD {sgd:+.5f}")
