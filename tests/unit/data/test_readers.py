"""Reading other forms: what names say. How files are read is tested through the command."""

import numpy as np
import pytest

from descent.data.readers import TEST, TRAIN, VALIDATION, read, split_of
from forms_of_data import IMAGES, LABELS


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("mnist_train.csv", TRAIN),
        ("train-00000-of-00001.parquet", TRAIN),
        ("X_test.npy", TEST),
        ("xTrain.npy", TRAIN),
        ("t10k", TEST),
        ("testing", TEST),
        ("val_images", VALIDATION),
        ("kmnist-test-imgs.npz", TEST),
        ("contest.csv", None),
        ("train_test_split.csv", None),
        ("straining.csv", None),
    ],
)
def test_names_say_what_is_for_testing(name, split):
    assert split_of(name) == split


def test_arrays_are_told_by_name_and_else_by_shape(tmp_path):
    np.savez(tmp_path / "a.npz", arr_0=LABELS["train"][:, None], arr_1=IMAGES["train"])
    [piece] = read(tmp_path / "a.npz")
    assert piece.labels.shape == (40, 1) and piece.images.shape == (40, 6, 6)
    assert piece.split is None
