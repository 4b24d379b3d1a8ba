"""ScheduleFreeRAdam with silent_sgd_phase=False takes its first steps with a rate of 1."""

import pytorch_optimizer
import schedulefree
import torch

for lr in (0.1, 0.001):
    moved = []
    for make in (pytorch_optimizer.ScheduleFreeRAdam, schedulefree.RAdamScheduleFree):
        w = torch.nn.Parameter(torch.tensor([5.0], dtype=torch.float64))
        optimizer = make([w], lr=lr, silent_sgd_phase=False)
        optimizer.train()
        w.grad = torch.ones_like(w)
        optimizer.step()
        moved.append(optimizer.state[w]["z"].item() - 5)
    # the first step of z is that of SGD: -lr g
    print(f"lr {lr}: got {moved[0]:+.4f} paper {-lr:+.4f}, its authors' package {moved[1]:+.4f}")
