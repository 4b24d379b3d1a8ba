"""The IDX format of MNIST's files.

The raw files are where torchvision expects them, in <folder>/MNIST/raw, so that
`torchvision.datasets.MNIST(folder)` opens every data set of this project.
"""

import math
import struct
from pathlib import Path

from descent.data.recognize import HEAD, IDX_TYPES, describe
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


def kind_of(name):
    """Tell from the name of a raw file what is in it: images or labels."""
    return "images" if "images" in name else "labels"


def read_header(stream, file, kind):
    """Read the header of an IDX file.

    Parameters
    ----------
    stream : binary file
        At its beginning; afterwards at the first number.
    file : path
        Its name, for messages.
    kind : str
        `images` or `labels`, which it should have.

    Returns
    -------
    dtype : str
        NumPy's name for the type of the numbers.
    shape : tuple of int

    Raises
    ------
    DataError
        If it is no IDX file, or obviously of the other kind.
    """
    head = stream.peek(HEAD)[:HEAD]
    other = {"images": 1, "labels": 3}[kind]
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in IDX_TYPES or head[3] == other:
        raise DataError(f"{file}: should be IDX {kind}, but is {describe(head)}")
    header = stream.read(4 + 4 * head[3])
    if len(header) < 4 + 4 * head[3]:
        raise DataError(f"{file}: truncated within the header")
    shape = struct.unpack(f">{head[3]}i", header[4:])
    if min(shape, default=0) < 1:
        raise DataError(f"{file}: no {kind} in it, its shape is {shape}")
    return IDX_TYPES[head[2]], shape


def check_size(file, shape, dtype, size):
    """Raise DataError unless `size` bytes of numbers are what a shape and type need."""
    expected = math.prod(shape) * int(dtype[-1])
    if size != expected:
        raise DataError(
            f"{file}: {size} bytes of numbers, but a file of shape {shape} should have {expected}; "
            f"it was {'cut off' if size < expected else 'written wrongly'}"
        )


def check_raw_files(folder):
    """Check the headers, sizes and counts of a data set's four raw files.

    Raises
    ------
    DataError
        If a file is missing or is not what it should be, or if the numbers of images and labels
        differ.
    """
    for split in ("train", "t10k"):
        images, labels = (raw_folder(folder) / name for name in RAW_FILES if name.startswith(split))
        check_counts(images, _count(images, "images"), labels, _count(labels, "labels"))


def check_counts(images, n_images, labels, n_labels):
    """Raise DataError unless two files, of images and of labels, have equally many."""
    if n_images != n_labels:
        raise DataError(
            f"{images} has {n_images} images, but {labels} has {n_labels} labels; "
            "use files that belong together"
        )


def _count(file, kind):
    """Check a raw file, and return the number of items in it."""
    if not file.is_file():
        raise DataError(f"{file}: missing")
    with file.open("rb") as stream:
        dtype, shape = read_header(stream, file, kind)
        check_size(file, shape, dtype, file.stat().st_size - stream.tell())
    if dtype != "u1" or len(shape) != {"images": 3, "labels": 1}[kind]:
        raise DataError(f"{file}: should be bytes, but is of type {dtype} and shape {shape}")
    return shape[0]


def map_raw_file(file):
    """Map the numbers of a checked raw file into memory; a change of them changes no file.

    Returns
    -------
    numpy.ndarray
        uint8: images (n, height, width) or labels (n,).
    """
    import numpy as np  # here, because the Snakefile imports this module at every start

    with Path(file).open("rb") as stream:
        dtype, shape = read_header(stream, file, kind_of(Path(file).name))
        return np.memmap(file, dtype, mode="c", offset=stream.tell(), shape=shape)


def write_idx(file, values):
    """Write values from 0 to 255, images (n, height, width) or labels (n,), as an IDX file."""
    magic = _MAGIC["images" if values.ndim == 3 else "labels"]
    header = struct.pack(f">{1 + values.ndim}i", magic, *values.shape)
    with replacing(file) as part, part.open("wb") as stream:
        stream.write(header)
        stream.write(values.astype("uint8").tobytes())


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
