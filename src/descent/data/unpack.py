"""From a user's four IDX files to raw files: unpacked, as bytes, upright.

All messages name the user's file, because the raw files are copies that the user did not make.
"""

import shutil
from pathlib import Path

import numpy as np

from descent.data.idx import check_counts, check_size, kind_of, read_header, write_idx
from descent.data.recognize import unpacked
from descent.errors import DataError
from descent.files import replacing


def unpack(files, targets, *, sideways=False):
    """Check a user's four files, and write them as raw files, each atomically.

    Integers of other types are taken if they fit into bytes. Labels may be a table whose first
    column is the class, as QMNIST's are; images may have a third dimension of 1, or be rows of a
    square number of pixels.

    Parameters
    ----------
    files : list of path
        In the order of `descent.data.idx.RAW_FILES`, gzipped or not.
    targets : list of path
        The raw files.
    sideways : bool
        Whether rows and columns of the images are swapped, as EMNIST's are.

    Raises
    ------
    DataError
        If a file is not what it should be, with one line for each; if the numbers of images and
        labels differ, or the sizes of training and test images.
    """
    shapes, problems = [], []
    for file, target in zip(files, map(Path, targets), strict=True):
        try:
            shapes.append(_unpack(file, target, sideways and kind_of(target.name) == "images"))
        except DataError as error:
            problems.append(str(error))
    if problems:
        raise DataError("\n".join(problems))
    for images, labels in ((0, 1), (2, 3)):
        check_counts(files[images], shapes[images][0], files[labels], shapes[labels][0])
    if shapes[0][1:] != shapes[2][1:]:
        sizes = [f"{height} x {width}" for _, height, width in (shapes[0], shapes[2])]
        raise DataError(
            f"{files[0]} has images of {sizes[0]}, but {files[2]} of {sizes[1]}; "
            "use files that belong together"
        )


def _unpack(file, target, sideways):
    """Write one raw file, and return the shape of what is in it."""
    kind = kind_of(target.name)
    with unpacked(file) as stream:
        dtype, shape = read_header(stream, file, kind)
        if dtype == "u1" and len(shape) == {"images": 3, "labels": 1}[kind] and not sideways:
            with unpacked(file) as whole, replacing(target) as part, part.open("wb") as raw:
                shutil.copyfileobj(whole, raw)
                check_size(file, shape, dtype, raw.tell() - 4 - 4 * len(shape))
            return shape
        content = stream.read()
    check_size(file, shape, dtype, len(content))
    numbers = np.frombuffer(content, dtype).reshape(shape)
    numbers = _images(numbers, file) if kind == "images" else _labels(numbers, file)
    if not ((numbers >= 0) & (numbers <= 255) & (numbers == numbers.astype(int))).all():
        raise DataError(
            f"{file}: {kind} of type {np.dtype(dtype).name} from {numbers.min()} to "
            f"{numbers.max()}; they must be whole numbers from 0 to 255"
        )
    write_idx(target, numbers.swapaxes(1, 2) if sideways else numbers)
    return numbers.shape


def _images(numbers, file):
    """Bring images into the shape (n, height, width)."""
    count, *rest = numbers.shape
    side = round(rest[0] ** 0.5)
    if len(rest) == 1 and side**2 == rest[0]:
        return numbers.reshape(count, side, side)
    if len(rest) == 3 and 1 in (rest[0], rest[2]):
        return numbers.squeeze(1 if rest[0] == 1 else 3)
    if len(rest) != 2:
        raise DataError(
            f"{file}: images of shape {tuple(rest)}; they must be gray, (height, width)"
        )
    return numbers


def _labels(numbers, file):
    """Return the classes; QMNIST has them in the first of eight columns."""
    if numbers.ndim == 1:
        return numbers
    if numbers.ndim == 2 and numbers.shape[1] in (1, 8):
        return numbers[:, 0]
    raise DataError(f"{file}: labels of shape {numbers.shape}; there must be one for each image")
