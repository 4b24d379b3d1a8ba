"""Keras' ScheduleFreeAdamW on torch: the old z is a view of the new one."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import torch

weight = keras.Variable(torch.zeros(1))
optimizer = keras.optimizers.ScheduleFreeAdamW(learning_rate=0.1, beta_1=0.9)

z = x = 0.0
for t in range(1, 5):
    optimizer.apply([torch.ones(1)], [weight])
    z -= 0.1  # the gradient is always 1, and so is the root of its corrected second moment
    x += (z - x) / t
    y = 0.1 * z + 0.9 * x
    print(f"step {t}: got {weight.value.item():+.4f} paper {y:+.4f}")
