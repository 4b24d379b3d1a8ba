"""torch_optimizer.RAdam steps in all groups with the learning rate of the first."""

import torch
import torch_optimizer

first, second = (torch.nn.Parameter(torch.tensor([0.0])) for _ in range(2))
groups = [{"params": [first], "lr": 0.1}, {"params": [second], "lr": 0.001}]
optimizer = torch_optimizer.RAdam(groups)
for t in range(1, 4):
    before = first.item(), second.item()
    first.grad, second.grad = torch.ones(1), torch.ones(1)
    optimizer.step()
    # the gradient is 1, and so is the corrected mean: not rectified, a step is the learning rate
    print(f"step {t}, lr 0.1:   got {before[0] - first.item():.6f} paper {0.1:.6f}")
    print(f"step {t}, lr 0.001: got {before[1] - second.item():.6f} paper {0.001:.6f}")
