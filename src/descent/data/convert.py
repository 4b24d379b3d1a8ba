"""Make the four IDX files of a data set from files in other forms: `descent convert`."""

import math
from pathlib import Path

import numpy as np

from descent.data.idx import RAW_FILES, write_idx
from descent.data.readers import COLOURS, TEST, TRAIN, Piece, read, weigh
from descent.errors import DataError, UsageError
from descent.files import replacing


def convert(sources, out, *, test=(), test_fraction=None, label=None):
    """Make the four IDX files of a data set.

    Parameters
    ----------
    sources : list of path
        Files or folders; see `descent.data.readers.read`.
    out : path
        The folder to make, which must not exist yet, or be empty. It appears when it is complete.
    test : list of path
        Files or folders of test images. Otherwise, names say which images are for testing.
    test_fraction : float, optional
        If nothing is for testing, the last images of each class are: this fraction, rounded up.
    label : str, optional
        The column with the labels, in a table.

    Returns
    -------
    list of str
        What was made, and what had to be changed or left out, one line each.

    Raises
    ------
    UsageError
        If it is unclear what to test on, or if `out` is in the way.
    DataError
        If the files cannot be read or do not make up a data set.
    """
    out = Path(out)
    if test_fraction is not None and not 0 < test_fraction < 1:
        raise UsageError(f"--test-fraction {test_fraction}: must be between 0 and 1")
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(f"{out}: is there already; choose another folder")
    pieces = [piece for source in sources for piece in read(source, label)]
    for piece in pieces:
        piece.split = TRAIN if test else piece.split
    for piece in [piece for source in test for piece in read(source, label)]:
        piece.split = TEST
        pieces.append(piece)
    notes = {note: None for piece in pieces for note in piece.notes}
    parts = _parts(pieces, notes)
    names = _number_labels(parts, notes)
    if TEST not in parts:
        parts = _split_off(parts, test_fraction, sources[0])
    elif test_fraction is not None:
        raise UsageError("--test-fraction: there are test images already")
    if TRAIN not in parts:
        raise UsageError(f"{sources[0]}: no training images; name their file, too")
    _check(parts, sources[0])
    with replacing(out) as part:
        part.mkdir()
        for index, name in enumerate(RAW_FILES):
            write_idx(part / name, parts[TRAIN if index < 2 else TEST][index % 2])
    (n_train, height, width), n_test = parts[TRAIN][0].shape, len(parts[TEST][0])
    made = f"{out}: {n_train} training and {n_test} test images of {height} x {width}"
    return [f"{made}, {len(np.unique(parts[TRAIN][1]))} classes{names}", *notes]


def _parts(pieces, notes):
    """Put the pieces of each split together: images (n, height, width) uint8, and labels."""
    parts = {}
    for split in dict.fromkeys(piece.split for piece in pieces):
        own = [piece for piece in pieces if piece.split == split]
        images = [(piece, piece.images) for piece in own if piece.images is not None]
        labels = [(piece, piece.labels) for piece in own if piece.labels is not None]
        about = f"{own[0].source}: {split or ''}".rstrip(" :")
        if not images or not labels:
            raise DataError(f"{about} has no {'images' if labels else 'labels'}")
        if split not in (TRAIN, TEST, None):
            notes[f"{sum(len(i) for _, i in images)} {split} images were left out"] = None
            continue
        gray = [_gray(piece, numbers, notes) for piece, numbers in images]
        sizes = {image.shape[1:] for image in gray}
        if len(sizes) > 1:
            raise DataError(f"{about}: images of different sizes, {_sizes(sizes)}")
        classes = [_classes(piece, values, notes) for piece, values in labels]
        parts[split] = np.concatenate(gray), np.concatenate(classes)
        counts = [len(values) for values in parts[split]]
        if counts[0] != counts[1]:
            raise DataError(f"{about}: {counts[0]} images, but {counts[1]} labels")
    if len(parts) > 1 and None in parts:
        raise UsageError(
            f"{next(piece.source for piece in pieces if piece.split is None)}: is it for training "
            "or for testing? Name the files for testing with --test"
        )
    if None in parts:
        parts[TRAIN] = parts.pop(None)
    return parts


def _sizes(shapes):
    return " and ".join(" x ".join(map(str, shape)) for shape in sorted(shapes))


def _gray(piece: Piece, images, notes):
    """Bring images of any shape and type into gray levels, uint8 (n, height, width)."""
    images = _shaped(piece, np.asarray(images))
    if images.dtype == bool:
        images = images.astype(np.uint8) * np.uint8(255)
    low, high = images.min(), images.max()
    if images.dtype.kind == "f" and low >= 0 and high <= 1:
        images = np.rint(images * 255)
        notes["numbers from 0 to 1 were multiplied by 255 and rounded"] = None
    whole = images.dtype.kind in "iu" or (images == np.floor(images)).all()
    if not (low >= 0 and high <= 255 and whole):
        raise DataError(
            f"{piece.source}: pixels from {low:g} to {high:g}; they must be whole numbers from 0 "
            "to 255, or numbers from 0 to 1"
        )
    images = images.astype(np.uint8)
    if images.ndim == 4:
        if not (images == images[..., :1]).all():
            notes[COLOURS] = None
        parts = np.array_split(images, 1 + len(images) // 1000)
        images = np.concatenate([weigh(part) for part in parts])
    return images.swapaxes(1, 2) if piece.sideways else images


def _shaped(piece, images):
    """Bring images into the shape (n, height, width) or (n, height, width, 3)."""
    count, *shape = images.shape if images.ndim else (0,)
    if len(shape) == 1 and math.isqrt(shape[0]) ** 2 == shape[0]:
        return images.reshape(count, math.isqrt(shape[0]), -1)
    if len(shape) == 3 and 1 in (shape[0], shape[2]):
        return images.squeeze(3 if shape[2] == 1 else 1)
    if len(shape) == 3 and shape[0] == 3:
        return np.moveaxis(images, 1, 3)
    if len(shape) == 2 or (len(shape) == 3 and shape[2] == 3):
        return images
    what = f"{shape[0]} numbers for each image, no square" if len(shape) == 1 else f"shape {shape}"
    raise DataError(
        f"{piece.source}: {what}; images must be gray or have three colours, and rows of pixels "
        "must be square. Is the column of the labels another one? --label names it"
    )


def _classes(piece, labels, notes):
    """Return a class for each image: numbers, or names."""
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] > 1:
        if not (((labels == 0) | (labels == 1)).all() and (labels.sum(1) == 1).all()):
            raise DataError(
                f"{piece.source}: {labels.shape[1]} labels for each image; one is needed"
            )
        notes["labels were one-hot: the place of the 1 is the label"] = None
        return labels.argmax(1)
    return labels.ravel()


def _number_labels(parts, notes):
    """Replace the labels of all parts by numbers from 0 to 255, and say what they were called."""
    values = np.concatenate([labels for _, labels in parts.values()])
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        names = sorted(set(map(str, values)))
        for split, (images, labels) in parts.items():
            parts[split] = images, np.searchsorted(names, labels.astype(str))
        if len(names) > 256:
            raise DataError(f"{len(names)} different labels; at most 256 are possible") from None
        return ": " + ", ".join(f"{number} = {name}" for number, name in enumerate(names))
    if not ((numbers >= 0) & (numbers <= 255) & (numbers == np.floor(numbers))).all():
        raise DataError(
            f"labels from {numbers.min():g} to {numbers.max():g}; they must be whole numbers from "
            "0 to 255, or names"
        )
    for split, (images, labels) in parts.items():
        parts[split] = images, labels.astype(np.float64).astype(np.uint8)
    if numbers.min() > 0:
        notes[f"the labels begin with {numbers.min():g}"] = None
    return ""


def _split_off(parts, fraction, source):
    """Take the last images of each class for testing."""
    if fraction is None:
        raise UsageError(
            f"{source}: has no images for testing; name their file with --test, or take some of "
            "each class with --test-fraction 0.15"
        )
    images, labels = parts[TRAIN]
    tested = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        tested[own[len(own) - math.ceil(fraction * len(own)) :]] = True
    return {TRAIN: (images[~tested], labels[~tested]), TEST: (images[tested], labels[tested])}


def _check(parts, source):
    """Raise DataError unless training and test images fit together."""
    (images, labels), (test_images, test_labels) = parts[TRAIN], parts[TEST]
    if images.shape[1:] != test_images.shape[1:]:
        sizes = " and ".join(_sizes([part[0].shape[1:]]) for part in (parts[TRAIN], parts[TEST]))
        raise DataError(f"{source}: training and test images differ in size, {sizes}")
    if len(np.unique(labels)) < 2:
        raise DataError(
            f"{source}: all training images have the label {labels[0]}; is it the right column? "
            "--label names another one, or -1 the last"
        )
    if unseen := sorted(set(test_labels.tolist()) - set(labels.tolist())):
        raise DataError(f"{source}: no training image has the test label {unseen[0]}")
