"""optax.contrib.acprop subtracts the mean of the iteration before from the gradient."""

import jax.numpy as jnp
import optax.contrib

lr, b1, b2, eps = 0.1, 0.9, 0.999, 1e-8
rule = optax.contrib.acprop(lr, b1, b2, eps, eps_root=0.0)
w, state = jnp.zeros(1), rule.init(jnp.zeros(1))
m, s = 0.0, 0.0
for t, g in enumerate([1.0, -1.0, 2.0], start=1):
    step, state = rule.update(jnp.full(1, g), state, w)
    paper = lr * g / (((s / (1 - b2 ** (t - 1))) ** 0.5 if t > 1 else 1.0) + eps)
    m = b1 * m + (1 - b1) * g
    s = b2 * s + (1 - b2) * (g - m) ** 2  # with this m, as the docstring and the paper have it
    print(f"step {t}: got {-step[0]:.6f} paper {paper:.6f}")
