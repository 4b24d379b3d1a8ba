"""From own files to raw files: what is taken, and messages about the user's file."""

import gzip

import numpy as np
import pytest
import torch
from torchvision.datasets import MNIST, QMNIST

from descent.data.idx import RAW_FILES, raw_folder
from descent.data.unpack import unpack
from descent.errors import DataError
from forms_of_data import IMAGES, LABELS, idx, png, write_own

TRAIN_IMAGES, TRAIN_LABELS = idx(IMAGES["train"]), idx(LABELS["train"])


@pytest.fixture
def given(tmp_path):
    return write_own(tmp_path / "given", RAW_FILES)


def unpacked(given, **options):
    """Unpack, and return torchvision's reading of the training images."""
    folder = given.parent / "data"
    targets = [raw_folder(folder) / name for name in RAW_FILES]
    unpack([given / name for name in RAW_FILES], targets, **options)
    return MNIST(folder)


def refusal(given):
    with pytest.raises(DataError) as error:
        unpacked(given)
    return str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        TRAIN_IMAGES,
        gzip.compress(TRAIN_IMAGES),
        gzip.compress(gzip.compress(TRAIN_IMAGES)),
        idx(IMAGES["train"][..., None]),
        idx(IMAGES["train"][:, None]),
        idx(IMAGES["train"].reshape(40, 36)),
        idx(IMAGES["train"], ">i4"),
    ],
    ids=["plain", "gzip", "twice", "4-d last", "4-d first", "flat", "int32"],
)
def test_images_are_taken(given, content):
    (given / RAW_FILES[0]).write_bytes(content)
    assert (unpacked(given).data.numpy() == IMAGES["train"]).all()


def test_labels_of_qmnist_are_taken_as_torchvision_reads_them(given, monkeypatch):
    table = np.random.default_rng(0).integers(0, 60000, (40, 8))
    table[:, 0] = LABELS["train"]
    (given / RAW_FILES[1]).write_bytes(idx(table, ">i4"))
    ours = unpacked(given).targets
    theirs = QMNIST.__new__(QMNIST)
    theirs.what = "train"
    for kind, name in (("images_file", RAW_FILES[0]), ("labels_file", RAW_FILES[1])):
        monkeypatch.setattr(QMNIST, kind, given / name, raising=False)
    _, labels = theirs._load_data()
    assert torch.equal(ours, labels[:, 0])


def test_emnists_images_are_turned_upright(given):
    for name, split in ((RAW_FILES[0], "train"), (RAW_FILES[2], "test")):
        (given / name).write_bytes(idx(IMAGES[split].swapaxes(1, 2)))
    assert (unpacked(given, sideways=True).data.numpy() == IMAGES["train"]).all()


IMAGES_NAME, LABELS_NAME = RAW_FILES[0], RAW_FILES[1]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (IMAGES_NAME, TRAIN_LABELS, "should be IDX images, but is IDX labels of type uint8"),
        (LABELS_NAME, TRAIN_IMAGES, "should be IDX labels, but is IDX images of type uint8"),
        (LABELS_NAME, gzip.compress(TRAIN_IMAGES), "but is IDX images of type uint8"),
        (IMAGES_NAME, b"<html>404</html>", "should be IDX images, but is a web page"),
        (IMAGES_NAME, b"version https://git-lfs.github.com/spec/v1\n", "run: git lfs pull"),
        (IMAGES_NAME, b"PK\x03\x04 a zip", "a zip archive; unpack it first"),
        (IMAGES_NAME, png(IMAGES["train"][0]), "but is a PNG image"),
        (IMAGES_NAME, b"", "but is empty"),
        (IMAGES_NAME, b"\x03\x08\0\0" + TRAIN_IMAGES[4:], "images in the other byte order"),
        (LABELS_NAME, b"\x01\x08\0\0" + TRAIN_LABELS[4:], "labels in the other byte order"),
        (IMAGES_NAME, idx(IMAGES["train"] / 255, ">f4"), "images of type float32 from 0.0 to 1.0"),
        (IMAGES_NAME, idx(np.zeros((40, 6, 6, 3))), "images of shape (6, 6, 3); they must be gray"),
        (LABELS_NAME, idx(LABELS["train"] - 1, ">i4"), "labels of type int32 from -1 to 2"),
        (LABELS_NAME, idx(np.zeros((40, 4))), "labels of shape (40, 4)"),
        (IMAGES_NAME, TRAIN_IMAGES[:-1], "1439 bytes of numbers, but a file of shape (40, 6, 6)"),
        (IMAGES_NAME, TRAIN_IMAGES + b"\n", "1441 bytes of numbers"),
        (IMAGES_NAME, idx(IMAGES["train"], ">i4")[:-1], "5759 bytes of numbers"),
        (IMAGES_NAME, TRAIN_IMAGES[:9], "truncated within the header"),
        (IMAGES_NAME, idx(IMAGES["train"][:0]), "no images in it"),
        (IMAGES_NAME, gzip.compress(TRAIN_IMAGES)[:-9], "not a complete gzip file"),
        (LABELS_NAME, idx(LABELS["train"][:-1]), "has 40 images, but"),
        (IMAGES_NAME, idx(IMAGES["train"][:, 1:]), "has images of 5 x 6, but"),
    ],
)
def test_messages_name_the_users_file_and_say_what_it_is(given, name, content, said):
    (given / name).write_bytes(content)
    line = refusal(given)
    assert said in line and str(given / name) in line and "\n" not in line
    assert str(given.parent / "data") not in line


def test_all_files_that_are_wrong_are_named(given):
    for name in RAW_FILES[1:]:
        (given / name).write_bytes(b"<html>")
    lines = refusal(given).splitlines()
    assert [line.split(":")[0] for line in lines] == [str(given / name) for name in RAW_FILES[1:]]
