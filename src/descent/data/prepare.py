"""From raw files to prepared tensors, and the lab's loaders.

torchvision and scikit-learn are imported only where they are used.
"""

import json

import torch
from safetensors.torch import save_file

from descent.data.catalog import MNIST_NORMALIZATION
from descent.data.idx import RAW_FILES, check_raw_files, raw_folder, write_idx
from descent.errors import DataError
from descent.files import replacing

#: The last images of scikit-learn's digits are the test images; they come from other writers.
DIGITS_TEST_IMAGES = 360


def write_digits(folder):
    """Write the 8 x 8 digits that scikit-learn embeds as four raw files; grey levels 0 to 255."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images * 255 / digits.images.max()).round()
    for name in RAW_FILES:
        part = slice(-DIGITS_TEST_IMAGES) if "train" in name else slice(-DIGITS_TEST_IMAGES, None)
        write_idx(raw_folder(folder) / name, (images if "images" in name else digits.target)[part])


def dataset(folder, *, train, normalization):
    """Open a data set as torchvision does, its images normalised as (1, height, width) tensors.

    Parameters
    ----------
    folder : path
        Of the data set.
    train : bool
        Training or test images.
    normalization : (float, float)
        Mean and standard deviation.

    Returns
    -------
    torchvision.datasets.MNIST
    """
    from torchvision import datasets, transforms

    mean, std = normalization
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((mean,), (std,))])
    return datasets.MNIST(folder, train=train, transform=transform)


def loaders(folder, *, batch_size=256, normalization=MNIST_NORMALIZATION, generator=None):
    """Make the lab's loaders.

    Parameters
    ----------
    folder : path
        Of the data set.
    batch_size : int
    normalization : (float, float)
        Mean and standard deviation.
    generator : torch.Generator, optional
        Of the order of the training images.

    Returns
    -------
    train, test : torch.utils.data.DataLoader
        Of images (batch_size, 1, height, width), float32, and labels (batch_size,), int64; the
        training images in a new order every epoch, the test images in the order of the file.
    """
    train, test = (
        dataset(folder, train=train, normalization=normalization) for train in (True, False)
    )
    return (
        torch.utils.data.DataLoader(train, batch_size, shuffle=True, generator=generator),
        torch.utils.data.DataLoader(test, batch_size),
    )


def prepare(folder, target, *, normalization=None, classes=None):
    """Turn the raw files of a data set into the tensors that training maps into memory.

    Pixels stay grey levels: a fourth of the memory to map and, as mini-batches are gathered from
    all over it, of the traffic (measured). `normalize` makes of them what `loaders` yield, but for
    rounding.

    Parameters
    ----------
    folder : path
        Of the data set.
    target : path
        A safetensors file: for the splits `train` and `test` the `_images` (images, pixels), uint8,
        and the `_labels` (images,), int64; as metadata the normalisation, the height and width of
        an image, the number of classes and their names, a JSON list. Written beside and renamed.
    normalization : (float, float), optional
        Mean and standard deviation; None: those of the training pixels, scaled to [0, 1], with
        four decimals.
    classes : list of str, optional
        Names of the labels 0, 1, ...; None: the labels themselves.

    Raises
    ------
    DataError
        As `check_raw_files`, or if a test label does not occur in training, or one has no name.
    """
    check_raw_files(folder)
    tensors = {}
    for split, train in (("train", True), ("test", False)):
        raw = dataset(folder, train=train, normalization=MNIST_NORMALIZATION)  # not applied here
        tensors[f"{split}_images"] = raw.data.flatten(1)
        tensors[f"{split}_labels"] = raw.targets.to(torch.int64)
        height, width = raw.data.shape[1:]
    n_classes = int(tensors["train_labels"].max()) + 1
    if tensors["train_images"].shape[1] != tensors["test_images"].shape[1]:
        raise DataError(f"{folder}: training and test images differ in size")
    if int(tensors["test_labels"].max()) >= n_classes:
        raise DataError(
            f"{folder}: test label {int(tensors['test_labels'].max())} does not occur in training"
        )
    names = list(classes or map(str, range(n_classes)))
    if n_classes > len(names):
        raise DataError(f"{folder}: label {n_classes - 1}, but only {len(names)} classes are known")
    mean, std = normalization or pixel_statistics(tensors["train_images"])
    metadata = dict(mean=mean, std=std, height=height, width=width, n_classes=n_classes)
    metadata = {key: repr(value) for key, value in metadata.items()}
    with replacing(target) as part:
        save_file(tensors, part, metadata | {"classes": json.dumps(names[:n_classes])})


def pixel_statistics(images):
    """Compute mean and standard deviation of pixels, scaled to [0, 1], with four decimals.

    Parameters
    ----------
    images : torch.Tensor
        Grey levels, uint8.

    Returns
    -------
    (float, float)
    """
    counts = torch.bincount(images.flatten(), minlength=256).to(torch.float64)
    levels = torch.arange(256, dtype=torch.float64) / 255
    mean = (counts @ levels) / counts.sum()
    variance = (counts @ (levels - mean).square()) / counts.sum()
    return round(mean.item(), 4), round(variance.sqrt().item(), 4)
