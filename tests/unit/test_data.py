import struct

import numpy as np
import pytest
import torch
from tiny import N_TEST, N_TRAIN, write_tiny_idx

from descent.data import (
    DIGITS_TEST_IMAGES,
    NORMALIZATION,
    load_prepared,
    loaders,
    normalize,
    prepare,
    write_digits,
)
from descent.idx import RAW_FILES, DataError, check_raw_files, raw_folder, write_idx


@pytest.fixture
def folder(tmp_path):
    write_tiny_idx(raw_folder(tmp_path))
    return tmp_path


def test_prepared_pixels_are_those_of_the_loaders(folder):
    prepare(folder, folder / "prepared.safetensors", NORMALIZATION["mnist"])
    data = load_prepared(folder / "prepared.safetensors")
    train, test = loaders(folder, batch_size=N_TRAIN)
    for loader, images, labels in (
        (test, normalize(data.test_images, data.normalization), data.test_labels),
        (train, normalize(data.train_images, data.normalization), data.train_labels),
    ):
        batches = [(image, label) for image, label in loader]
        pixels = torch.cat([image for image, _ in batches]).flatten(1)
        answers = torch.cat([label for _, label in batches])
        if loader is train:  # shuffled: sort both
            order, other = (np.lexsort(values.numpy().T) for values in (pixels, images))
            pixels, answers, images, labels = (
                pixels[order],
                answers[order],
                images[other],
                labels[other],
            )
        assert pixels.dtype == images.dtype == torch.float32
        assert torch.equal(pixels, images)
        assert torch.equal(answers, labels)
    assert data.n_classes == 4


def test_loaders_have_the_labs_shapes_and_shuffle_the_training_images_only(folder):
    train, test = loaders(folder)
    images, _ = next(iter(test))
    assert images.shape == torch.Size([N_TEST, 1, 8, 8])
    assert torch.equal(next(iter(test))[0], images)
    sizes = [len(labels) for _, labels in train]
    assert sizes == [256, N_TRAIN - 256]
    assert not torch.equal(next(iter(train))[0], next(iter(train))[0])


def test_normalisation_is_the_labs(folder):
    _, test = loaders(folder)
    raw = np.fromfile(raw_folder(folder) / "t10k-images-idx3-ubyte", dtype=np.uint8, offset=16)
    expected = (raw.reshape(N_TEST, 8, 8) / 255 - 0.1307) / 0.3081
    np.testing.assert_allclose(next(iter(test))[0][:, 0].numpy(), expected, rtol=1e-5, atol=1e-6)


def test_digits_are_split_into_training_and_test_images(tmp_path):
    write_digits(tmp_path)
    prepare(tmp_path, tmp_path / "prepared.safetensors", NORMALIZATION["digits"])
    data = load_prepared(tmp_path / "prepared.safetensors")
    assert data.train_images.shape == (1797 - DIGITS_TEST_IMAGES, 64)
    assert data.test_images.shape == (DIGITS_TEST_IMAGES, 64)
    assert data.n_classes == 10
    images = normalize(data.train_images, data.normalization)
    assert images.mean().item() == pytest.approx(0, abs=0.005)
    assert images.std().item() == pytest.approx(1, abs=0.005)


def truncate(file):
    file.write_bytes(file.read_bytes()[:-1])


def truncate_within_header(file):
    file.write_bytes(file.read_bytes()[:7])


def empty(file):
    file.write_bytes(b"")


def change_magic_number(file):
    file.write_bytes(struct.pack(">i", 0x0903) + file.read_bytes()[4:])


def append(file):
    file.write_bytes(file.read_bytes() + b"\0")


def replace_by_page(file):
    file.write_text("<!DOCTYPE html><html><body>404 Not Found</body></html>")


@pytest.mark.parametrize("name", RAW_FILES)
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, "bytes, but a file of shape"),
        (append, "bytes, but a file of shape"),
        (truncate_within_header, "truncated within its header|bytes, but a file"),
        (empty, "magic number is None"),
        (change_magic_number, "magic number is 2307"),
        (replace_by_page, "magic number is"),
        (lambda file: file.unlink(), "missing"),
    ],
)
def test_a_damaged_raw_file_is_named(folder, name, damage, message):
    check_raw_files(folder)
    damage(raw_folder(folder) / name)
    with pytest.raises(DataError, match=f"{name}: .*({message})"):
        prepare(folder, folder / "prepared.safetensors", NORMALIZATION["idx"])
    assert not (folder / "prepared.safetensors").exists()


def test_training_and_test_images_must_have_one_size(folder):
    write_idx(raw_folder(folder) / "t10k-images-idx3-ubyte", np.zeros((N_TEST, 8, 7)))
    with pytest.raises(DataError, match="training and test images differ in size"):
        prepare(folder, folder / "prepared.safetensors", NORMALIZATION["idx"])


def test_the_first_batch_of_the_lab(tmp_path):
    for name in RAW_FILES:
        shape = (300, 28, 28) if "images" in name else (300,)
        write_idx(raw_folder(tmp_path) / name, np.zeros(shape))
    for loader in loaders(tmp_path):
        images, labels = next(iter(loader))
        assert images.shape == torch.Size([256, 1, 28, 28])
        assert labels.shape == torch.Size([256])


def test_counts_of_images_and_labels_must_agree(folder):
    write_idx(raw_folder(folder) / "t10k-labels-idx1-ubyte", np.zeros(N_TEST + 1))
    with pytest.raises(DataError, match=r"t10k-images.*60 images.*t10k-labels.*61 labels"):
        check_raw_files(folder)


def test_a_test_label_must_occur_in_training(folder):
    write_idx(raw_folder(folder) / "t10k-labels-idx1-ubyte", np.full(N_TEST, 9))
    with pytest.raises(DataError, match="test label 9 does not occur in training"):
        prepare(folder, folder / "prepared.safetensors", NORMALIZATION["idx"])
