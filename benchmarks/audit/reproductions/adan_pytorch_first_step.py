"""adan_pytorch does not take the first step, and corrects the bias of all later ones too little."""

import adan_pytorch
import torch

lr, b1, b2, b3, eps = 0.1, 0.02, 0.08, 0.01, 1e-8
weight = torch.nn.Parameter(torch.tensor([0.0]))
optimizer = adan_pytorch.Adan([weight], lr=lr, betas=(b1, b2, b3), eps=eps)
m, v, n, last = 0.0, 0.0, 0.0, 1.0
for t, g in enumerate([1.0] * 5, start=1):
    before = weight.item()
    weight.grad = torch.tensor([g])
    optimizer.step()
    m, v = (1 - b1) * m + b1 * g, (1 - b2) * v + b2 * (g - last)
    n, last = (1 - b3) * n + b3 * (g + (1 - b2) * (g - last)) ** 2, g
    m_hat, v_hat, n_hat = (x / (1 - (1 - b) ** t) for x, b in ((m, b1), (v, b2), (n, b3)))
    step = lr * (m_hat + (1 - b2) * v_hat) / (n_hat**0.5 + eps)
    print(f"step {t}: got {before - weight.item():.6f} paper {step:.6f}")
