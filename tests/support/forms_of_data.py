"""The same few images in every form in which people have them."""

import gzip
import io
import struct

import numpy as np
import pandas as pd
from PIL import Image
from scipy.io import savemat

random = np.random.default_rng(3)

#: 40 training and 12 test images of 6 x 6 pixels, four classes.
IMAGES = {"train": random.integers(0, 256, (40, 6, 6)), "test": random.integers(0, 256, (12, 6, 6))}
IMAGES = {split: images.astype(np.uint8) for split, images in IMAGES.items()}
LABELS = {split: np.arange(len(images)) % 4 for split, images in IMAGES.items()}
SPLITS = list(IMAGES)


def idx(values, dtype="u1"):
    """The content of an IDX file."""
    code = {"u1": 8, ">i2": 11, ">i4": 12, ">f4": 13}[dtype]
    header = struct.pack(f">HBB{values.ndim}i", 0, code, values.ndim, *values.shape)
    return header + values.astype(dtype).tobytes()


def png(image, mode=None):
    stream = io.BytesIO()
    picture = Image.fromarray(image)
    (picture.convert(mode) if mode else picture).save(stream, "png")
    return stream.getvalue()


def table(split, *, header=True, label="label", first=True):
    """Labels and pixels, as in Kaggle's files."""
    pixels = pd.DataFrame(IMAGES[split].reshape(-1, 36))
    pixels.columns = [f"pixel{n}" for n in pixels.columns]
    pixels.insert(0 if first else 36, label, LABELS[split])
    return pixels if header else pixels.set_axis(range(37), axis=1)


def keras(folder):
    parts = {f"x_{s}": IMAGES[s] for s in SPLITS} | {f"y_{s}": LABELS[s] for s in SPLITS}
    np.savez(folder / "mnist.npz", **parts)
    return [folder / "mnist.npz"]


def kmnist(folder):
    for split in SPLITS:
        np.savez_compressed(folder / f"kmnist-{split}-imgs.npz", IMAGES[split])
        np.savez_compressed(folder / f"kmnist-{split}-labels.npz", LABELS[split].astype(np.uint8))
    return sorted(folder.glob("kmnist-*.npz"))


def medmnist(folder):
    parts = {f"{s}_images": IMAGES[s] for s in SPLITS}
    parts |= {f"{s}_labels": LABELS[s][:, None].astype(np.uint8) for s in SPLITS}
    parts |= {"val_images": IMAGES["test"], "val_labels": LABELS["test"][:, None]}
    np.savez_compressed(folder / "pneumoniamnist.npz", **parts)
    return [folder / "pneumoniamnist.npz"]


def csv(folder):
    for split in SPLITS:
        table(split).to_csv(folder / f"fashion-mnist_{split}.csv", index=False)
    return sorted(folder.glob("*.csv"))


def parquet(folder):
    for split in SPLITS:
        cells = [{"bytes": png(image), "path": None} for image in IMAGES[split]]
        frame = pd.DataFrame({"image": cells, "label": LABELS[split]})
        half = len(frame) // 2
        for number, part in enumerate((frame[:half], frame[half:])):
            part.to_parquet(folder / f"{split}-0000{number}-of-00002.parquet", index=False)
    return [folder]


def emnist_mat(folder):
    """MATLAB counts down columns, so the rows of pixels are sideways."""
    parts = {
        split: {
            "images": IMAGES[split].swapaxes(1, 2).reshape(-1, 36),
            "labels": LABELS[split][:, None].astype(np.uint8),
            "writers": np.zeros((len(LABELS[split]), 1)),
        }
        for split in SPLITS
    }
    savemat(folder / "emnist-digits.mat", {"dataset": parts | {"mapping": np.eye(4)}})
    return [folder / "emnist-digits.mat"]


def svhn(folder):
    """Gray images in three colours; without labels of 10, which stand for 0."""
    for split in SPLITS:
        colours = np.repeat(IMAGES[split][..., None], 3, axis=3)
        about = {"X": np.moveaxis(colours, 0, 3), "y": LABELS[split][:, None].astype(np.uint8)}
        savemat(folder / f"{split}_32x32.mat", about)
    return sorted(folder.glob("*.mat"))


def folders(folder, names=("train", "test")):
    for split, name in zip(SPLITS, names, strict=True):
        for number, (image, label) in enumerate(zip(IMAGES[split], LABELS[split], strict=True)):
            file = folder / name / str(label) / f"{number:05}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png(image))
    return [folder]


def npy(folder):
    for split in SPLITS:
        np.save(folder / f"X_{split}.npy", IMAGES[split].reshape(-1, 36).astype(np.float64))
        np.save(folder / f"y_{split}.npy", LABELS[split].astype(np.float64))
    return sorted(folder.glob("*.npy"))


#: A function for each form, which writes into a folder and returns the sources to convert.
FORMS = [keras, kmnist, medmnist, csv, parquet, emnist_mat, svhn, folders, npy]


def write_own(folder, names, pack=lambda content: content, room=""):
    """Write the four IDX files under names of their own, in the order of RAW_FILES."""
    values = [part[split] for split in SPLITS for part in (IMAGES, LABELS)]
    for name, numbers in zip(names, values, strict=True):
        file = folder / room / name
        file.parent.mkdir(parents=True, exist_ok=True)
        content = pack(idx(numbers))
        file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder
