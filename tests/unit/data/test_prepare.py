"""Preparation: the lab's loaders, its normalization, and what files must agree on."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from descent.data.catalog import DATASETS, MNIST_NORMALIZATION
from descent.data.idx import RAW_FILES, raw_folder, write_idx
from descent.data.prepare import (
    DIGITS_TEST_IMAGES,
    loaders,
    pixel_statistics,
    prepare,
    write_digits,
)
from descent.data.prepared import load_prepared, normalize
from descent.errors import DataError
from tiny import N_TEST, N_TRAIN, write_tiny_idx

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path):
    write_tiny_idx(raw_folder(tmp_path))
    return tmp_path


def test_prepared_pixels_are_those_of_the_loaders(folder):
    prepare(folder, folder / "prepared.safetensors", normalization=MNIST_NORMALIZATION)
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
        torch.testing.assert_close(images, pixels, rtol=0, atol=2**-22)  # an ulp between 2 and 4
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
    prepare(
        tmp_path, tmp_path / "prepared.safetensors", normalization=DATASETS["digits"].normalization
    )
    data = load_prepared(tmp_path / "prepared.safetensors")
    assert data.train_images.shape == (1797 - DIGITS_TEST_IMAGES, 64)
    assert data.test_images.shape == (DIGITS_TEST_IMAGES, 64)
    assert data.n_classes == 10
    images = normalize(data.train_images, data.normalization)
    assert images.mean().item() == pytest.approx(0, abs=0.0005)
    assert images.std().item() == pytest.approx(1, abs=0.0005)


def test_training_and_test_images_must_have_one_size(folder):
    write_idx(raw_folder(folder) / "t10k-images-idx3-ubyte", np.zeros((N_TEST, 8, 7)))
    with pytest.raises(DataError, match="training and test images differ in size"):
        prepare(folder, folder / "prepared.safetensors", normalization=MNIST_NORMALIZATION)


def test_the_first_batch_of_the_lab(tmp_path):
    for name in RAW_FILES:
        shape = (300, 28, 28) if "images" in name else (300,)
        write_idx(raw_folder(tmp_path) / name, np.zeros(shape))
    for loader in loaders(tmp_path):
        images, labels = next(iter(loader))
        assert images.shape == torch.Size([256, 1, 28, 28])
        assert labels.shape == torch.Size([256])


def test_a_test_label_must_occur_in_training(folder):
    write_idx(raw_folder(folder) / "t10k-labels-idx1-ubyte", np.full(N_TEST, 9))
    with pytest.raises(DataError, match="test label 9 does not occur in training"):
        prepare(folder, folder / "prepared.safetensors", normalization=MNIST_NORMALIZATION)


def test_unknown_statistics_are_computed(folder):
    prepare(folder, folder / "prepared.safetensors")
    data = load_prepared(folder / "prepared.safetensors")
    pixels = data.train_images.double() / 255
    expected = (pixels.mean().item(), pixels.std(correction=0).item())
    assert data.normalization == tuple(round(value, 4) for value in expected)


def test_mnists_statistics_would_be_the_labs(tmp_path):
    file = PROJECT.parent / "shared" / "mnist" / f"{RAW_FILES[0]}.gz"
    if not file.exists():
        pytest.skip("MNIST is not there")
    pixels = torch.frombuffer(bytearray(gzip.decompress(file.read_bytes())[16:]), dtype=torch.uint8)
    assert pixel_statistics(pixels) == MNIST_NORMALIZATION


@pytest.mark.parametrize(("classes", "names"), [(None, "0123"), ("abcdef", "abcd")])
def test_classes_have_names(folder, classes, names):
    prepare(folder, folder / "prepared.safetensors", classes=classes)
    with safe_open(folder / "prepared.safetensors", framework="pt") as prepared:
        assert json.loads(prepared.metadata()["classes"]) == list(names)


def test_a_label_without_a_name_is_refused(folder):
    with pytest.raises(DataError, match="label 3 found, but only 3 classes are known"):
        prepare(folder, folder / "prepared.safetensors", classes="abc")


def labelled(folder, train, test):
    """Prepare images with these labels."""
    random = np.random.default_rng(0)
    for name, labels in ((RAW_FILES[0], train), (RAW_FILES[2], test)):
        images = random.integers(0, 256, (len(labels), 3, 3))
        write_idx(raw_folder(folder) / name, images)
        write_idx(raw_folder(folder) / name.replace("images-idx3", "labels-idx1"), np.array(labels))
    return prepare(folder, folder / "prepared.safetensors")


def test_a_class_that_is_missing_in_training_is_noticed_wherever_it_is(tmp_path):
    for missing in range(4):
        train = [label for label in range(4) if label != missing]
        with pytest.raises(DataError, match=f"test label {missing} does not occur in training"):
            labelled(tmp_path, train, range(4))


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        ([0, 1, 2], [0, 1, 2], []),
        ([1, 2, 3], [1, 2, 3], ["the labels begin with 1"]),
        ([0, 1, 5], [0, 1, 5], ["no training image has label 2, 3, 4;"]),
        ([2, 9, 9], [9], ["the labels begin with 2", "label 3, 4, 5, 6, 7 and 1 more", "label 2"]),
    ],
)
def test_unusual_labels_are_noted(tmp_path, train, test, said):
    notes = labelled(tmp_path, train, test)
    assert len(notes) == len(said)
    for note, text in zip(notes, said, strict=True):
        assert text in note
    assert load_prepared(tmp_path / "prepared.safetensors").n_classes == max(train) + 1


def test_images_without_contrast_are_refused(folder):
    write_idx(raw_folder(folder) / RAW_FILES[0], np.full((N_TRAIN, 8, 8), 7))
    with pytest.raises(DataError, match=r"standard deviation of the pixels is 0\.0"):
        prepare(folder, folder / "prepared.safetensors")


def test_statistics_are_the_same_in_parts():
    images = torch.randint(256, (2**24 // 784 + 100, 784), dtype=torch.uint8)
    pixels = images.double() / 255
    expected = (pixels.mean().item(), pixels.std(correction=0).item())
    assert pixel_statistics(images) == tuple(round(value, 4) for value in expected)
