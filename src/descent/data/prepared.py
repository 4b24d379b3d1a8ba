"""The prepared tensors that training maps into memory."""

from dataclasses import dataclass, fields, replace

import torch

from descent.errors import DataError


@dataclass(frozen=True)
class PreparedData:
    """The prepared tensors of a data set (see `prepare`), with its mean and standard deviation.

    It has validation images only after `hold_out`. `image_shape` is (channels, height, width).
    """

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    normalization: tuple
    n_classes: int
    image_shape: tuple | None = None
    validation_images: torch.Tensor | None = None
    validation_labels: torch.Tensor | None = None

    def to(self, device):
        """Return the same data on a device; tensors that are there already are not copied."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        tensors = {name: of for name, of in values.items() if isinstance(of, torch.Tensor)}
        return replace(self, **{name: tensor.to(device) for name, tensor in tensors.items()})


def hold_out(data, fraction, generator):
    """Split random validation images off the training images.

    Parameters
    ----------
    data : PreparedData
    fraction : float
        Fraction of the training images to hold out, in [0, 1); 0 leaves the data unchanged.
    generator : torch.Generator
        Draws the validation images.

    Returns
    -------
    PreparedData
        Both parts keep the order of the training images.

    Raises
    ------
    DataError
        If no image is left for validation or for training.
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
    """Memory-map the tensors that `prepare` wrote; pages are read on first use, and shared."""
    from safetensors import safe_open  # here, because a check needs only the rest of this module

    with safe_open(file, framework="pt") as prepared:
        tensors = {name: prepared.get_tensor(name) for name in prepared.keys()}  # noqa: SIM118
        metadata = prepared.metadata()
    return PreparedData(
        **tensors,
        normalization=(float(metadata["mean"]), float(metadata["std"])),
        n_classes=int(metadata["n_classes"]),
        image_shape=(1, int(metadata["height"]), int(metadata["width"])),
    )


def normalize(images, normalization, out=None):
    """Turn gray levels (uint8) into normalized pixels (float32) of the same shape.

    Computes (gray / 255 - mean) / std like torchvision's ToTensor and Normalize, but with one
    multiplication and one addition, in half the time of their divisions (measured); the results
    differ by at most one ulp of the largest pixel.

    Parameters
    ----------
    images : torch.Tensor
        Gray levels, uint8.
    normalization : (float, float)
        Mean and standard deviation.
    out : torch.Tensor, optional
        Tensor to write to, float32.

    Returns
    -------
    torch.Tensor
    """
    mean, std = normalization
    pixels = torch.empty(images.shape, device=images.device) if out is None else out
    pixels.copy_(images)
    return torch.add(torch.tensor(-mean / std), pixels, alpha=1 / (255 * std), out=pixels)
