"""optax.rprop takes the step of the iteration before."""

import jax.numpy as jnp
import optax

rule = optax.rprop(0.1)
w, state = jnp.zeros(1), rule.init(jnp.zeros(1))
size, last = 0.1, 0.0
for t, g in enumerate([1.0, 1.0, 1.0, 1.0], start=1):
    step, state = rule.update(jnp.full(1, g), state, w)
    size *= 1.2 if g * last > 0 else 1.0  # Riedmiller and Braun: the size, then the step with it
    last = g
    print(f"step {t}: got {-step[0]:.6f} paper {size:.6f}")
