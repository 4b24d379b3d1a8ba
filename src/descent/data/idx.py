"""The IDX format of MNIST's files.

The raw files are where torchvision expects them, in <folder>/MNIST/raw, so that
`torchvision.datasets.MNIST(folder)` opens every data set of this project.
"""

import math
import struct
from pathlib import Path

from descent.errors import DataError
from descent.files import replacing

#: The four files, images before labels, training before test.
RAW_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

#: The first four bytes, big-endian: item type (8: unsigned byte) and number of dimensions.
_MAGIC = {"images": 0x0803, "labels": 0x0801}


def raw_folder(folder):
    """Return the folder of the raw files in the folder of a data set."""
    return Path(folder) / "MNIST" / "raw"


def check_raw_files(folder):
    """Check the magic numbers, counts and sizes of a data set's four raw files.

    Raises
    ------
    DataError
        If a file is missing or has a wrong magic number or size, or if the numbers of images and
        labels differ.
    """
    for split in ("train", "t10k"):
        images, labels = (raw_folder(folder) / name for name in RAW_FILES if name.startswith(split))
        n_images, n_labels = _count(images, "images"), _count(labels, "labels")
        if n_images != n_labels:
            raise DataError(
                f"{images} has {n_images} images, but {labels.name} has {n_labels} labels; "
                "use files that belong together"
            )


def _count(file, kind):
    """Check the header of an IDX file, and return the number of items in the file."""
    if not file.is_file():
        raise DataError(f"{file}: missing")
    n_dimensions = 3 if kind == "images" else 1
    with file.open("rb") as stream:
        header = stream.read(4 + 4 * n_dimensions)
    magic = struct.unpack(">i", header[:4])[0] if len(header) >= 4 else None
    if magic != _MAGIC[kind]:
        raise DataError(
            f"{file}: the magic number is {magic}, but should be {_MAGIC[kind]} for IDX {kind}"
        )
    if len(header) < 4 + 4 * n_dimensions:
        raise DataError(f"{file}: truncated within the header")
    shape = struct.unpack(f">{n_dimensions}i", header[4:])
    size, expected = file.stat().st_size, len(header) + math.prod(shape)
    if size != expected or min(shape) < 1:
        raise DataError(f"{file}: {size} bytes, but a file of shape {shape} should have {expected}")
    return shape[0]


def write_idx(file, values):
    """Write values from 0 to 255, images (n, height, width) or labels (n,), as an IDX file."""
    magic = _MAGIC["images" if values.ndim == 3 else "labels"]
    header = struct.pack(f">{1 + values.ndim}i", magic, *values.shape)
    with replacing(file) as part:
        part.write_bytes(header + values.astype("uint8").tobytes())


def transpose_images(content):
    """Swap the rows and columns of every image in an IDX file.

    Parameters
    ----------
    content : bytes
        Content of the file.

    Returns
    -------
    bytes
        Content of the new file.

    Raises
    ------
    DataError
        If the content is not that of an IDX file of images.
    """
    import numpy as np  # here, because the Snakefile imports this module at every start

    header = content[:16]
    magic, *shape = struct.unpack(">4i", header) if len(header) == 16 else (None,)
    if magic != _MAGIC["images"] or len(content) != len(header) + math.prod(shape):
        raise DataError("not an IDX file of images")
    images = np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)
    count, height, width = shape
    return struct.pack(">4i", magic, count, width, height) + images.transpose(0, 2, 1).tobytes()
