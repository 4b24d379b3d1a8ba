"""A tiny data set that tests make: noisy images of four classes, as IDX files."""

import numpy as np

from descent.idx import RAW_FILES, write_idx

N_TRAIN, N_TEST, SIDE, N_CLASSES = 300, 60, 8, 4


def write_tiny_idx(folder):
    """Write four raw IDX files: 300 training and 60 test images of 8 x 8 pixels, four classes."""
    random = np.random.default_rng(0)
    prototypes = random.integers(0, 200, (N_CLASSES, SIDE, SIDE))
    for split, count in (("train", N_TRAIN), ("t10k", N_TEST)):
        labels = random.integers(0, N_CLASSES, count)
        labels[:N_CLASSES] = range(N_CLASSES)
        images = prototypes[labels] + random.integers(0, 56, (count, SIDE, SIDE))
        for name, values in zip(
            (name for name in RAW_FILES if name.startswith(split)), (images, labels), strict=True
        ):
            write_idx(folder / name, values)
