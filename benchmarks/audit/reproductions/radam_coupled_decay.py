"""pytorch_optimizer.RAdam with weight_decouple=False does not decay at all."""

import pytorch_optimizer
import torch

lr, decay = 0.1, 0.5
w = torch.nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
optimizer = pytorch_optimizer.RAdam(
    [w], lr=lr, weight_decay=decay, weight_decouple=False, degenerated_to_sgd=True
)
right, m = w.item(), 0.0
for t in (1, 2, 3):
    before, old = w.item(), right
    w.grad = torch.zeros_like(w)
    optimizer.step()
    m = 0.9 * m + 0.1 * decay * right  # of the gradient 0, with the decay added to it
    right -= lr * m / (1 - 0.9**t)  # the step of SGD with momentum, as in iterations 1 to 5
    print(f"step {t}: got {w.item() - before:+.5f} paper {right - old:+.5f}")
