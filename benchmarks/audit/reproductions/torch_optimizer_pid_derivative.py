"""torch_optimizer.PID takes the first difference of gradients from 0."""

import torch
import torch_optimizer

lr, mu, ki, kd = 0.1, 0.9, 5.0, 10.0
weight = torch.nn.Parameter(torch.tensor([0.0]))
optimizer = torch_optimizer.PID([weight], lr=lr, momentum=mu, integral=ki, derivative=kd)
integral, trend, last = 0.0, 0.0, 1.0
for t, g in enumerate([1.0, 1.0, 1.0, 1.0], start=1):  # a gradient that never changes
    before = weight.item()
    weight.grad = torch.tensor([g])
    optimizer.step()
    integral = mu * integral + g
    trend, last = mu * trend + (1 - mu) * (g - last), g
    step = lr * (g + ki * integral + kd * trend)
    print(f"step {t}: got {before - weight.item():.6f} paper {step:.6f}")
