"""Lamb divides its rate by 1 - b1^t, after the trust ratio, and corrects no second moment."""

import pytorch_optimizer
import torch

w = torch.nn.Parameter(torch.tensor([100.0], dtype=torch.float64))
optimizer = pytorch_optimizer.Lamb([w], lr=0.001)
for step in range(1, 5):
    before = w.item()
    w.grad = torch.ones_like(w)
    optimizer.step()
    # For one number, r / |r| is a sign, with and without corrections: the step is lr phi(|w|).
    # This class clamps phi at 10 (the paper allows that), so it is 0.001 * 10.
    paper = -0.001 * min(before, 10.0)
    print(f"step {step}: got {w.item() - before:+.5f} paper {paper:+.5f}")
