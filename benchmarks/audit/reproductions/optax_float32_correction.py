"""optax.adam in float32: 1 - b2^t loses digits, so that the first step is not the learning rate."""

import jax.numpy as jnp
import optax
import torch

for b2 in (0.999, 0.9999, 0.99999):
    rule = optax.adam(1.0, b2=b2, eps=0.0)
    weight, gradient = jnp.zeros(1), jnp.ones(1)
    update, _ = rule.update(gradient, rule.init(weight), weight)
    ours = torch.nn.Parameter(torch.zeros(1))
    ours.grad = torch.ones(1)
    torch.optim.Adam([ours], lr=1.0, betas=(0.9, b2), eps=0.0).step()
    print(f"b2 {b2}: got {update.item():.6f} paper -1.000000, torch {ours.item():.6f}")
