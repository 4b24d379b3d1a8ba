"""torch_optimizer.SWATS, once it is SGD, multiplies its momentum by 1 - beta1 in every step."""

import torch
import torch_optimizer

b1 = 0.9
weight = torch.nn.Parameter(torch.tensor([0.0]))
optimizer = torch_optimizer.SWATS([weight], lr=0.001, betas=(b1, 0.999), eps=0.0)
velocity = 0.0
for t in range(1, 8):
    before, sgd = weight.item(), optimizer.param_groups[0]["phase"] == "SGD"
    weight.grad = torch.tensor([1.0])
    optimizer.step()
    if sgd:  # since step 3, because the gradient never changes
        velocity = b1 * velocity + 1.0
        step = (1 - b1) * optimizer.param_groups[0]["lr"] * velocity
        print(f"step {t}: got {before - weight.item():.9f} paper {step:.9f}")
