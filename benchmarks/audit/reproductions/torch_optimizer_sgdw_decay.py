"""torch_optimizer.SGDW subtracts lr times weight_decay, whatever the weight."""

import torch
import torch_optimizer

weights = torch.nn.Parameter(torch.tensor([2.0, 0.0, -2.0]))
optimizer = torch_optimizer.SGDW([weights], lr=0.1, momentum=0.9, weight_decay=0.1)
expected = weights.detach().clone()
for _ in range(2):
    weights.grad = torch.zeros(3)  # nothing but the decay
    optimizer.step()
    expected = expected - 0.1 * 0.1 * expected
print("got  ", [f"{w:.4f}" for w in weights.tolist()])
print("paper", [f"{w:.4f}" for w in expected.tolist()])
