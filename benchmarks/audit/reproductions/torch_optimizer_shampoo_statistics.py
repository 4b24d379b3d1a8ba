"""torch_optimizer.Shampoo makes its second preconditioner from a preconditioned gradient."""

import torch
import torch_optimizer

eps = 1e-4
gradient = torch.tensor([[4.0, 1.0], [0.0, 2.0]])
weight = torch.nn.Parameter(torch.zeros(2, 2))
optimizer = torch_optimizer.Shampoo([weight], lr=0.1, epsilon=eps)
weight.grad = gradient.clone()
optimizer.step()
right = eps * torch.eye(2) + gradient.T @ gradient  # R_1 = eps I + G_1^T G_1
print("got  ", optimizer.state[weight]["precond_1"].tolist())
print("paper", right.tolist())
