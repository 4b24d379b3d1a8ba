"""torch_optimizer.Adafactor divides the rows of a tensor of three dimensions by the wrong means."""

import torch
import torch_optimizer

torch.manual_seed(0)
gradient = torch.randn(3, 3, 2)
weight = torch.nn.Parameter(torch.zeros(3, 3, 2))
options = {"lr": 1.0, "scale_parameter": False, "relative_step": False, "clip_threshold": 1e9}
optimizer = torch_optimizer.Adafactor([weight], **options)
weight.grad = gradient.clone()
optimizer.step()
rows, columns = gradient.square().mean(-1), gradient.square().mean(-2)  # v = r c / mean(r), 3 times
for k in range(3):
    v = torch.outer(rows[k], columns[k]) / rows[k].mean()
    print("got  ", [f"{-x:.4f}" for x in weight[k].flatten().tolist()])
    print("paper", [f"{x:.4f}" for x in (gradient[k] / v.sqrt()).flatten().tolist()])
try:
    weight = torch.nn.Parameter(torch.zeros(4, 3, 2))
    weight.grad = torch.ones(4, 3, 2)
    torch_optimizer.Adafactor([weight], **options).step()
except RuntimeError as error:
    print("got a shape of (4, 3, 2):", error)
