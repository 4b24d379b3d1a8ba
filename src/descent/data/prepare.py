"""Turn raw files into prepared tensors, and into the lab's loaders.

torchvision and scikit-learn are imported only where they are used.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file

from descent.data.catalog import MNIST_NORMALIZATION
from descent.data.idx import RAW_FILES, check_raw_files, map_raw_file, raw_folder, write_idx
from descent.errors import DataError
from descent.extras import naming_extras
from descent.files import replacing

if TYPE_CHECKING:
    from torchvision.datasets import MNIST

#: The last images of scikit-learn's digits are the test images; they are by other writers.
DIGITS_TEST_IMAGES = 360


def write_digits(folder: str | Path) -> None:
    """Write scikit-learn's embedded 8 x 8 digits as four raw files, with gray levels 0 to 255.

    Parameters
    ----------
    folder : path
        Made if it does not exist.

    Examples
    --------
    >>> import descent
    >>> descent.write_digits("my_data")
    >>> train, test = descent.loaders("my_data")
    >>> len(train.dataset), len(test.dataset)
    (1437, 360)
    """
    with naming_extras():
        from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images * 255 / digits.images.max()).round()
    for name in RAW_FILES:
        part = slice(-DIGITS_TEST_IMAGES) if "train" in name else slice(-DIGITS_TEST_IMAGES, None)
        write_idx(raw_folder(folder) / name, (images if "images" in name else digits.target)[part])


def dataset(folder: str | Path, *, train: bool, normalization: tuple[float, float]) -> MNIST:
    """Open a data set with torchvision; its images are normalized (1, height, width) tensors.

    Parameters
    ----------
    folder : path
        Folder of the data set.
    train : bool
        True for the training images, False for the test images.
    normalization : (float, float)
        Mean and standard deviation.

    Returns
    -------
    torchvision.datasets.MNIST
    """
    with naming_extras():
        from torchvision import datasets, transforms

    mean, std = normalization
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((mean,), (std,))])
    return datasets.MNIST(folder, train=train, transform=transform)


def loaders(
    folder: str | Path,
    *,
    batch_size: int = 256,
    normalization: tuple[float, float] = MNIST_NORMALIZATION,
    generator: torch.Generator | None = None,
) -> tuple[torch.utils.data.DataLoader, torch.utils.data.DataLoader]:
    """Make the lab's data loaders.

    Parameters
    ----------
    folder : path
        Folder of the data set.
    batch_size : int
        Images in a mini-batch.
    normalization : (float, float)
        Mean and standard deviation.
    generator : torch.Generator, optional
        Draws the order of the training images.

    Returns
    -------
    train, test : torch.utils.data.DataLoader
        They yield images (batch_size, 1, height, width), float32, and labels (batch_size,), int64;
        training images in a new order every epoch, test images in the order of the file.

    Examples
    --------
    >>> import descent
    >>> descent.write_digits("my_data")
    >>> train, test = descent.loaders("my_data", batch_size=32)
    >>> images, labels = next(iter(train))
    >>> tuple(images.shape), tuple(labels.shape)
    ((32, 1, 8, 8), (32,))
    """
    train, test = (
        dataset(folder, train=train, normalization=normalization) for train in (True, False)
    )
    return (
        torch.utils.data.DataLoader(train, batch_size, shuffle=True, generator=generator),
        torch.utils.data.DataLoader(test, batch_size),
    )


def prepare(
    folder: str | Path,
    target: str | Path,
    *,
    normalization: tuple[float, float] | None = None,
    classes: Sequence[str] | None = None,
) -> list[str]:
    """Turn the raw files of a data set into the tensors that training maps into memory.

    Pixels are kept as gray levels, which takes a quarter of the memory and, as mini-batches are
    gathered from all over it, a quarter of the memory traffic (measured). `normalize` turns them
    into what `loaders` yield, up to rounding.

    Parameters
    ----------
    folder : path
        Folder of the data set.
    target : path
        A safetensors file, written atomically. For the splits `train` and `test` it has `_images`
        (images, pixels), uint8, and `_labels` (images,), int64; as metadata it has the
        normalization, the height and width of an image, and the number and names of the classes,
        the latter as a JSON list.
    normalization : (float, float), optional
        Mean and standard deviation; None: those of the training pixels, scaled to [0, 1] and
        rounded to four decimals.
    classes : list of str, optional
        Names of the labels 0, 1, ...; None: the labels themselves.

    Returns
    -------
    list of str
        What is unusual about the labels, one line each.

    Raises
    ------
    DataError
        As in `check_raw_files`; also if training and test images differ in size, if test labels
        do not occur in training, if a label has no name, or if the standard
        deviation is not positive.
    """
    check_raw_files(folder)
    tensors = {}
    for split, name in (("train", "train"), ("test", "t10k")):
        images, labels = (map_raw_file(raw_folder(folder) / f) for f in RAW_FILES if name in f)
        tensors[f"{split}_images"] = torch.from_numpy(images).flatten(1)
        tensors[f"{split}_labels"] = torch.from_numpy(labels).to(torch.int64)
        height, width = images.shape[1:]
    if tensors["train_images"].shape[1] != tensors["test_images"].shape[1]:
        raise DataError(f"{folder}: training and test images differ in size")
    trained, tested = (set(tensors[f"{split}_labels"].tolist()) for split in ("train", "test"))
    if unseen := sorted(tested - trained):
        raise DataError(
            f"{folder}: test label {_listed(unseen)} does not occur in training; no network can "
            "learn it"
        )
    n_classes = max(trained) + 1
    names = list(classes or map(str, range(n_classes)))
    if n_classes > len(names):
        raise DataError(
            f"{folder}: label {n_classes - 1} found, but only {len(names)} classes are known"
        )
    mean, std = normalization or pixel_statistics(tensors["train_images"])
    if not std > 0:
        raise DataError(
            f"{folder}: the standard deviation of the pixels is {std}, but must be positive; are "
            "all training images empty?"
        )
    metadata = dict(mean=mean, std=std, height=height, width=width, n_classes=n_classes)
    metadata = {key: repr(value) for key, value in metadata.items()}
    with replacing(target) as part:
        save_file(tensors, part, metadata | {"classes": json.dumps(names[:n_classes])})
    return _unusual(trained, tested)


def _unusual(trained: set[int], tested: set[int]) -> list[str]:
    """Say what is unusual about the labels of the training and of the test images."""
    notes, first = [], min(trained)
    if first > 0:
        notes.append(
            f"the labels begin with {first}; the network has outputs from 0 to {max(trained)}, of "
            f"which no image has {_listed(range(first))}"
        )
    if gaps := sorted(set(range(first, max(trained))) - trained):
        notes.append(f"no training image has label {_listed(gaps)}; the network has these outputs")
    if untested := sorted(trained - tested):
        notes.append(f"no test image has label {_listed(untested)}")
    return notes


def _listed(labels: Sequence[int]) -> str:
    shown = ", ".join(map(str, labels[:5]))
    return f"{shown} and {len(labels) - 5} more" if len(labels) > 5 else shown


def pixel_statistics(images: torch.Tensor) -> tuple[float, float]:
    """Compute mean and standard deviation of pixels scaled to [0, 1], rounded to four decimals.

    Parameters
    ----------
    images : torch.Tensor
        Gray levels, uint8.

    Returns
    -------
    (float, float)
    """
    # In parts, because counting takes eight bytes for each pixel (measured).
    parts = [torch.bincount(part, minlength=256) for part in images.flatten().split(2**24)]
    counts = torch.stack(parts).sum(0).to(torch.float64)
    levels = torch.arange(256, dtype=torch.float64) / 255
    mean = (counts @ levels) / counts.sum()
    variance = (counts @ (levels - mean).square()) / counts.sum()
    return round(mean.item(), 4), round(variance.sqrt().item(), 4)
