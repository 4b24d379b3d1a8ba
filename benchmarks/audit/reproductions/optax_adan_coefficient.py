"""optax.adan weights the difference of gradients with 1 - b2, where the paper's 1 - beta2 is b2."""

import jax.numpy as jnp
import optax

lr, b1, b2, b3, eps = 0.1, 0.98, 0.92, 0.99, 1e-8  # b = 1 - beta of the paper
rule = optax.adan(lr, b1, b2, b3, eps, eps_root=0.0)
w, state = jnp.zeros(1), rule.init(jnp.zeros(1))
m, v, n, last = 0.0, 0.0, 0.0, 1.0
for t, g in enumerate([1.0, 2.0, 1.0], start=1):
    step, state = rule.update(jnp.full(1, g), state, w)
    d, last = g - last, g
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * d
    n = b3 * n + (1 - b3) * (g + b2 * d) ** 2
    m_hat, v_hat, n_hat = (x / (1 - b**t) for x, b in ((m, b1), (v, b2), (n, b3)))
    paper = lr * (m_hat + b2 * v_hat) / (n_hat**0.5 + eps)
    print(f"step {t}: got {-step[0]:.6f} paper {paper:.6f}")
