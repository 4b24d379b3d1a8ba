"""Read images and labels from the files in which people have them: one function for each form.

Every reader returns pieces: images, labels or both, and whether they are for training, if that is
said inside the file. Nothing here opens a pickle, which can run code.
"""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from descent.data.own import find
from descent.data.recognize import describe, describe_file
from descent.errors import DataError
from descent.extras import naming_extras

TRAIN, TEST, VALIDATION = "training", "test", "validation"

#: What people call the parts of a data set.
_SPLITS = {
    TRAIN: ("train", "training", "trn"),
    TEST: ("test", "testing", "t10k", "tst"),
    VALIDATION: ("val", "valid", "validation"),
}
_IMAGES = ("images", "imgs", "image", "img", "x", "data", "pixels")
_LABELS = ("labels", "label", "y", "targets", "target", "class", "classes", "digit")

_FILES = {".npz", ".npy", ".mat", ".parquet", ".csv"}
_PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".tif", ".tiff", ".webp"}


@dataclass
class Piece:
    """Images, labels or both, as they are in a file, with what was noticed while reading.

    Attributes
    ----------
    source : path
        The file, for messages.
    split : str or None
        `training`, `test` or `validation`; None if neither the file nor its name says it.
    images, labels : array or None
    sideways : bool
        Whether rows and columns of the images are swapped.
    notes : tuple of str
    """

    source: Path
    split: str | None
    images: np.ndarray | None = None
    labels: np.ndarray | None = None
    sideways: bool = False
    notes: tuple = ()


def read(source, label=None):
    """Read a file, or a folder with files or with folders of images.

    Parameters
    ----------
    source : path
    label : str, optional
        The column with the labels, in a table.

    Returns
    -------
    list of Piece

    Raises
    ------
    DataError
        If it cannot be read; the message names the file and says what it is.
    """
    source = Path(source)
    if source.is_dir():
        return _read_folder(source, label)
    if not source.exists():
        raise DataError(f"{source}: there is no such file or folder")
    readers = {
        ".npz": _read_npz,
        ".npy": _read_npy,
        ".mat": _read_mat,
        ".parquet": lambda file: _read_table(file, label),
        ".csv": lambda file: _read_table(file, label),
    }
    if source.suffix.lower() not in readers:
        raise DataError(
            f"{source}: cannot be converted; it is {describe_file(source)}. Taken are .npz, .npy, "
            ".csv, .parquet and .mat files, and folders with a folder of images for each class"
        )
    try:
        with naming_extras():
            return readers[source.suffix.lower()](source)
    except (ValueError, OSError, NotImplementedError, KeyError, TypeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{source}: cannot be read; it is {describe_file(source)} ({error})"
        ) from None


def split_of(name):
    """Tell from a name which part of a data set it is about; None if it does not say."""
    words = re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", Path(name).name).lower())
    found = {split for split, names in _SPLITS.items() if set(words) & set(names)}
    return found.pop() if len(found) == 1 else None


def _about(name):
    """Tell from the name of an array whether it has images or labels; None if it does not say."""
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    if words & set(_LABELS):
        return "labels"
    return "images" if words & set(_IMAGES) else None


def _pieces(file, arrays, **about):
    """Make pieces of named arrays: each is images or labels, of the split that its name says."""
    pieces: dict = {}
    for name, values in arrays.items():
        if values.dtype == object:
            raise DataError(f"{file}: {name} is no plain array of numbers")
        split = split_of(name) or split_of(file.name)
        kind = _about(name) or _about(file.stem)
        if kind is None:
            kind = "labels" if values.ndim == 1 or values.shape[1:] == (1,) else "images"
        piece = pieces.setdefault(split, Piece(file, split, **about))
        if getattr(piece, kind) is not None:
            raise DataError(
                f"{file}: has more than one array of {split or ''} {kind}: {', '.join(arrays)}"
            )
        setattr(piece, kind, values)
    return list(pieces.values())


def _read_npz(file):
    with np.load(file, allow_pickle=False) as arrays:
        return _pieces(file, {name: arrays[name] for name in arrays.files})


def _read_npy(file):
    return _pieces(file, {file.stem: np.load(file, allow_pickle=False)})


def _read_mat(file):
    """Read SVHN's X and y, EMNIST's struct, or images and labels under other names."""
    from scipy.io import loadmat

    values = loadmat(file, simplify_cells=True)
    if isinstance(values.get("dataset"), dict):  # EMNIST's, in which MATLAB counts down columns
        parts = values["dataset"]
        return [
            Piece(file, split, part["images"], np.ravel(part["labels"]), sideways=True)
            for name, part in parts.items()
            if (split := split_of(name)) and isinstance(part, dict)
        ]
    arrays = {k: np.asarray(v) for k, v in values.items() if _about(k) and np.ndim(v)}
    if not arrays:
        names = ", ".join(name for name in values if not name.startswith("__"))
        raise DataError(f"{file}: no images and labels are recognized in it; it has {names}")
    pieces = _pieces(file, arrays)
    for piece in pieces:
        if piece.images is None or piece.labels is None:
            continue
        count = piece.labels.shape[0]
        if piece.images.shape[0] != count and piece.images.shape[-1] == count:  # images are last
            piece.images = np.moveaxis(piece.images, -1, 0)
        if set(arrays) == {"X", "y"} and piece.labels.min() == 1 and piece.labels.max() == 10:
            piece.labels = piece.labels % 10
            piece.notes = ("label 10 is the digit 0, as in SVHN: it became 0",)
    return pieces


def _read_table(file, label):
    """Read a table with a column of labels, and a column of images or one for each pixel."""
    if file.suffix.lower() == ".parquet":
        table = pd.read_parquet(file)
    else:
        with file.open(encoding="utf-8-sig") as lines:
            first = lines.readline()
        separator = max(",;\t ", key=first.count)
        cells = [cell.strip().strip("\"'") for cell in first.strip().split(separator)]
        header = None if all(_is_number(cell) for cell in cells) else 0
        table = pd.read_csv(file, sep=separator, header=header, encoding="utf-8-sig")
    table.columns = [str(column) for column in table.columns]
    unnamed = [c for c in table.columns if c.startswith("Unnamed:") or c == "__index_level_0__"]
    table = table.drop(columns=unnamed)
    labels = _label_column(file, table, label)
    pixels = table.drop(columns=labels)
    pictures = [c for c in pixels.columns if isinstance(pixels[c].iloc[0], dict | bytes)]
    notes: tuple = ()
    if pictures:
        cells = pixels[pictures[0]]
        contents = [cell["bytes"] if isinstance(cell, dict) else cell for cell in cells]
        names = [f"{file}, row {row}" for row in range(len(contents))]
        images, notes = _decode(names, map(_open_bytes, names, contents))
    else:
        text = [column for column in pixels.columns if pixels[column].dtype.kind not in "biuf"]
        if text:
            raise DataError(
                f"{file}: column {text[0]} has no numbers in it; --label COLUMN names the labels"
            )
        if pixels.isna().any(axis=None):
            row = int(np.argmax(pixels.isna().any(axis=1).to_numpy()))
            raise DataError(f"{file}: row {row} is incomplete; the file was cut off or has gaps")
        images = pixels.to_numpy()
    sideways = "emnist" in file.name.lower()
    return [Piece(file, split_of(file.name), images, table[labels].to_numpy(), sideways, notes)]


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _label_column(file, table, label):
    """Return the name of the column with the labels."""
    columns = list(table.columns)
    if label is not None:
        if label in columns:
            return label
        if re.fullmatch(r"-?\d+", label) and -len(columns) <= int(label) < len(columns):
            return columns[int(label)]
        raise DataError(f"{file}: has no column {label}; its columns are {_shown(columns)}")
    named = [column for column in columns if column.lower() in _LABELS and column.lower() != "data"]
    if len(named) == 1:
        return named[0]
    if columns == [str(number) for number in range(len(columns))]:  # there is no header
        return columns[0]
    raise DataError(
        f"{file}: which column has the labels? Name it with --label; its columns are "
        f"{_shown(columns)}"
    )


def _shown(columns):
    return ", ".join(columns if len(columns) < 7 else [*columns[:3], "...", *columns[-2:]])


def _read_folder(folder, label):
    """Read the files in a folder, or its folders of images, one for each class."""
    inside = [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith((".", "__"))]
    folders = [entry for entry in inside if entry.is_dir()]
    parts = [entry for entry in folders if split_of(entry.name)]
    files = [entry for entry in inside if entry.is_file() and entry.suffix.lower() in _FILES]
    pieces = []
    for entry in parts or files:
        for piece in read(entry, label):
            piece.split = piece.split or split_of(entry.name)
            pieces.append(piece)
    if pieces:
        return pieces
    pictures = {entry: found for entry in folders if (found := _pictures(entry))}
    if not pictures and find(folder):
        raise DataError(
            f"{folder}: has IDX files, which are taken as they are: dataset: {{name: idx, folder: "
            f"{folder}}}"
        )
    if not pictures:
        raise DataError(
            f"{folder}: has neither data files nor folders with images, one for each class; there "
            f"is {_shown([entry.name for entry in inside]) or 'nothing'}"
        )
    files = [file for found in pictures.values() for file in found]
    images, notes = _decode(files, map(_open_file, files))
    labels = np.array([entry.name for entry, found in pictures.items() for _ in found])
    return [Piece(folder, split_of(folder.name), images, labels, notes=notes)]


def _pictures(folder):
    """List the images of a class, without what systems hide beside them."""
    return [
        file
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in _PICTURES and not file.name.startswith(".")
    ]


def _open_file(file):
    return _open_bytes(file, file.read_bytes())


def _open_bytes(name, content):
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise DataError(f"{name}: no image, but {describe(content[:64])}; remove it") from None
    return image


def _decode(names, opened):
    """Turn pictures of one size into gray levels, and say how that was done."""
    images: list = []
    how = set()
    for name, image in zip(names, opened, strict=True):
        gray, note = _gray(name, image)
        how.add(note)
        if images and gray.shape != images[0].shape:
            sizes = [" x ".join(map(str, shape)) for shape in (images[0].shape, gray.shape)]
            raise DataError(
                f"{name}: {sizes[1]} pixels, but {names[0]} has {sizes[0]}; all images need one "
                "size"
            )
        images.append(gray)
    return np.stack(images), tuple(sorted(how - {None}))


def _gray(name, image):
    """Return the gray levels of a picture, uint8 (height, width), and what was lost."""
    if "transparency" in image.info or image.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
        if alpha.min() < 255:
            raise DataError(f"{name}: has transparent pixels; put the images on a background first")
        image = image.convert("RGB")
    if image.mode.startswith("I") or image.mode == "F":  # Pillow would clip these at 255
        levels = np.asarray(image)
        if image.mode == "F" or levels.min() < 0 or levels.max() > 65535:
            raise DataError(f"{name}: gray levels beyond 16 bits; save it with 8 bits")
        return (levels >> 8).astype(np.uint8), "16-bit gray levels were divided by 256"
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L")), None
    colours = np.asarray(image.convert("RGB"))
    return weigh(colours), None if _is_gray(colours) else COLOURS


#: How colours become gray, as in Pillow's `convert("L")`.
COLOURS = "colours were made gray: 0.299 red + 0.587 green + 0.114 blue (ITU-R 601)"


def _is_gray(colours):
    return bool((colours == colours[..., :1]).all())


def weigh(colours):
    """Turn colours, uint8 (..., 3), into gray levels with the integers that Pillow uses."""
    weighted = colours.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)
    return ((weighted + 0x8000) >> 16).astype(np.uint8)
