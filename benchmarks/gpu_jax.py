"""Time JAX: the program of `engines.jax_optax`, vmapped over the seeds of a stack.

It has a process of its own, started by gpu.py, because JAX and torch bring their own libraries of
CUDA. It prints a line of JSON for each size of a stack: the size, and the seconds of four epochs.
The first of them includes compilation.

    python benchmarks/gpu_jax.py FOLDER DEVICE SIZE...
"""

import json
import os
import sys
import time

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import jax.numpy as jnp

from engines import initial_layers, training_arrays
from engines.jax_optax import program


def main():
    """Measure stack by stack, so that one that does not fit loses no other."""
    folder, device, *sizes = sys.argv[1:]
    if device == "cuda" and jax.default_backend() != "gpu":
        sys.exit("JAX finds no GPU here; install jax[cuda13]")
    jax.config.update("jax_default_matmul_precision", "highest")  # no TF32
    images, labels = (jnp.asarray(array) for array in training_arrays(folder))
    train_epoch, optimizer = program(momentum=0.9)
    train_stack = jax.jit(jax.vmap(train_epoch, in_axes=(0, 0, None, None)), donate_argnums=0)
    for n in map(int, sizes):
        network = jax.tree.map(
            lambda tensor, n=n: jnp.repeat(jnp.asarray(tensor)[None], n, 0),
            initial_layers(images.shape[1], int(labels.max()) + 1),
        )
        state = network, jax.vmap(optimizer.init)(network)
        seconds = []
        for keys in jax.random.split(jax.random.key(0), (4, n)):
            start = time.perf_counter()
            state, recorded = train_stack(state, keys, images, labels)
            jax.block_until_ready((state, recorded))
            seconds.append(time.perf_counter() - start)
        print(json.dumps([n, seconds]), flush=True)


if __name__ == "__main__":
    main()
