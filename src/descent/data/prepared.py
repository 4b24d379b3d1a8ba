"""The prepared tensors that training maps into memory."""

from dataclasses import dataclass, replace

import torch
from safetensors import safe_open

from descent.errors import DataError


@dataclass(frozen=True)
class PreparedData:
    """The prepared tensors of a data set, see `prepare`, with its mean and standard deviation.

    Validation images are there after `hold_out` only.
    """

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    normalization: tuple
    n_classes: int
    validation_images: torch.Tensor | None = None
    validation_labels: torch.Tensor | None = None


def hold_out(data, fraction, generator):
    """Cut the validation images from the training images, at random.

    Parameters
    ----------
    data : PreparedData
    fraction : float
        Of the training images, in [0, 1); 0 leaves the data as they are.
    generator : torch.Generator
        Draws the validation images.

    Returns
    -------
    PreparedData
        Both parts keep the order of the training images.

    Raises
    ------
    DataError
        If no image is left to validate or to train on.
    """
    if fraction == 0:
        return data
    n_images = len(data.train_images)
    n_validation = round(fraction * n_images)
    if not 0 < n_validation < n_images:
        raise DataError(
            f"training.validation_fraction: {fraction} of {n_images} training images leaves one "
            "part empty"
        )
    order = torch.randperm(n_images, generator=generator)
    validation, train = (part.sort().values for part in order.tensor_split([n_validation]))
    return replace(
        data,
        train_images=data.train_images[train],
        train_labels=data.train_labels[train],
        validation_images=data.train_images[validation],
        validation_labels=data.train_labels[validation],
    )


def load_prepared(file):
    """Map the tensors that `prepare` wrote; pages are read when they are used, and shared."""
    with safe_open(file, framework="pt") as prepared:
        tensors = {name: prepared.get_tensor(name) for name in prepared.keys()}  # noqa: SIM118
        metadata = prepared.metadata()
    return PreparedData(
        **tensors,
        normalization=(float(metadata["mean"]), float(metadata["std"])),
        n_classes=int(metadata["n_classes"]),
    )


def normalize(images, normalization, out=None):
    """Turn grey levels, uint8, into normalised pixels, float32, of the same shape.

    (grey / 255 - mean) / std, as torchvision's ToTensor and Normalize compute it, but as one
    multiplication and addition: at most an ulp of the largest pixel from theirs (measured: half the
    time of their divisions).

    Parameters
    ----------
    images : torch.Tensor
        uint8.
    normalization : (float, float)
        Mean and standard deviation.
    out : torch.Tensor, optional
        float32, to write to.

    Returns
    -------
    torch.Tensor
    """
    mean, std = normalization
    pixels = torch.empty(images.shape) if out is None else out
    pixels.copy_(images)
    return torch.add(torch.tensor(-mean / std), pixels, alpha=1 / (255 * std), out=pixels)
