"""A tiny data set for tests: noisy images of four classes, as IDX files."""

import gzip
import hashlib
import zipfile

import numpy as np

from descent.data.download import emnist_member
from descent.data.idx import RAW_FILES, write_idx

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


def write_emnist(folder, raw, *, split="balanced", leave_out=None):
    """Write a zip file like EMNIST's, gzip.zip, and return its checksum.

    `raw` maps the names of the four files to upright images and labels. The archive also has one
    member that is no gzip file and two whose paths lead out of the folder.
    """
    folder.mkdir()
    with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
        for name, values in raw.items():
            write_idx(folder / name, values.swapaxes(1, 2) if "images" in name else values)
            if name != leave_out:
                content = gzip.compress((folder / name).read_bytes())
                archive.writestr(emnist_member(split, name), content)
            (folder / name).unlink()
        for path in ("gzip/emnist-mnist-train-labels-idx1-ubyte.gz", "../evil", "/tmp/../evil"):
            archive.writestr(path, b"evil")
    return f"md5:{hashlib.md5((folder / 'gzip.zip').read_bytes()).hexdigest()}"
