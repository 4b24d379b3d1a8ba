"""Raw IDX files: errors name what is damaged."""

import numpy as np
import pytest

from descent.data.catalog import MNIST_NORMALIZATION
from descent.data.idx import RAW_FILES, check_raw_files, raw_folder, write_idx
from descent.data.prepare import prepare
from descent.errors import DataError
from tiny import N_TEST, write_tiny_idx


@pytest.fixture
def folder(tmp_path):
    write_tiny_idx(raw_folder(tmp_path))
    return tmp_path


def truncate(file):
    file.write_bytes(file.read_bytes()[:-1])


def truncate_within_header(file):
    file.write_bytes(file.read_bytes()[:7])


def empty(file):
    file.write_bytes(b"")


def change_type(file):
    content = bytearray(file.read_bytes())
    content[2] = 9
    file.write_bytes(content)


def append(file):
    file.write_bytes(file.read_bytes() + b"\0")


def replace_by_page(file):
    file.write_text("<!DOCTYPE html><html><body>404 Not Found</body></html>")


@pytest.mark.parametrize("name", RAW_FILES)
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, "bytes of numbers, but a file of shape .* cut off"),
        (append, "bytes of numbers, but a file of shape .* written wrongly"),
        (truncate_within_header, "truncated within the header|bytes of numbers"),
        (empty, "but is empty"),
        (change_type, "of type i1|of type int8"),
        (replace_by_page, "but is a web page"),
        (lambda file: file.unlink(), "missing"),
    ],
)
def test_a_damaged_raw_file_is_named(folder, name, damage, message):
    check_raw_files(folder)
    damage(raw_folder(folder) / name)
    with pytest.raises(DataError, match=f"{name}: .*({message})"):
        prepare(folder, folder / "prepared.safetensors", normalization=MNIST_NORMALIZATION)
    assert not (folder / "prepared.safetensors").exists()


def test_counts_of_images_and_labels_must_agree(folder):
    write_idx(raw_folder(folder) / "t10k-labels-idx1-ubyte", np.zeros(N_TEST + 1))
    with pytest.raises(DataError, match=r"t10k-images.*60 images.*t10k-labels.*61 labels"):
        check_raw_files(folder)
