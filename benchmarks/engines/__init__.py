"""The engines, one per file, and the code they share.

An engine `name` is the function `prepare(folder, momentum, **options)` in `name.py`. It reads the
data set in `folder` and returns two functions. `epoch()` continues training for one epoch, in a new
random order, and returns the loss and accuracy of each mini-batch before its update, as two arrays.
`predict(images)` returns the class of each image, as an array (images,) or (seeds, images); it is
None if nothing is learned. Each file imports its libraries at the top because each engine runs in
its own process.
"""

import itertools
import os
from pathlib import Path

import numpy as np
from safetensors import safe_open

BATCH_SIZE = 128
LEARNING_RATE = 0.01
HIDDEN = [100, 100]


def prepared_file(folder):
    """Return the path of the newest prepared tensors in `folder`; see `descent.data.prepare`."""
    return max(Path(folder).glob("prepared*.safetensors"), key=os.path.getmtime)


def training_arrays(folder):
    """Read normalized training images, float32 (images, pixels), and labels, int64 (images,)."""
    return _arrays(folder, "train")


def test_arrays(folder):
    """Read normalized test images and labels, like `training_arrays`."""
    return _arrays(folder, "test")


def _arrays(folder, part):
    with safe_open(prepared_file(folder), framework="numpy") as prepared:
        mean, std = (np.float32(prepared.metadata()[key]) for key in ("mean", "std"))
        images = prepared.get_tensor(f"{part}_images").astype(np.float32)
        return (images / 255 - mean) / std, prepared.get_tensor(f"{part}_labels")


def initial_layers(n_inputs=784, n_classes=10):
    """Initialize a network as `descent.model.initialize` does, but with NumPy's generator.

    Returns
    -------
    list of (numpy.ndarray, numpy.ndarray)
        Weight, (outputs, inputs), and bias, (outputs,), of each layer, as float32.
    """
    generator = np.random.default_rng(0)
    sizes = [n_inputs, *HIDDEN, n_classes]
    return [
        (
            generator.normal(0, inputs**-0.5, (outputs, inputs)).astype(np.float32),
            np.zeros(outputs, np.float32),
        )
        for inputs, outputs in itertools.pairwise(sizes)
    ]
