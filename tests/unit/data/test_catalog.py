"""The known data sets, checked against torchvision and, where present, against the files."""

import hashlib
from pathlib import Path

import pytest
import yaml
from torchvision.datasets import EMNIST, KMNIST, MNIST, FashionMNIST

from configurations import SCHEMA
from descent.data.catalog import DATASETS, EMNIST_SPLITS
from descent.data.download import emnist_member
from descent.data.recognize import content_checksum


def test_checksums_are_those_of_mnist():
    """torchvision's MD5s are of the same files; compared where the files are."""
    shared = Path(__file__).parents[4] / "shared" / "mnist"
    assert {name: digest[:15] for name, digest in DATASETS["mnist"].checksums.items()} == {
        "train-images-idx3-ubyte.gz": "sha256:440fcabf",
        "train-labels-idx1-ubyte.gz": "sha256:3552534a",
        "t10k-images-idx3-ubyte.gz": "sha256:8d422c7b",
        "t10k-labels-idx1-ubyte.gz": "sha256:f7ae60f9",
    }
    for name, checksum in DATASETS["mnist"].checksums.items():
        if shared.exists():
            content = (shared / name).read_bytes()
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == checksum
            assert hashlib.md5(content).hexdigest() == dict(MNIST.resources)[name]
            inside = DATASETS["mnist"].contents[name.removesuffix(".gz")]
            assert content_checksum(shared / name) == inside


@pytest.mark.parametrize(
    ("name", "theirs"), [("fashion_mnist", FashionMNIST), ("kmnist", KMNIST), ("mnist", MNIST)]
)
def test_facts_are_torchvisions(name, theirs):
    known = DATASETS[name]
    assert set(theirs.mirrors) <= set(known.sources)
    assert list(known.checksums) == [file for file, _ in theirs.resources]
    if name != "mnist":
        assert known.checksums == {file: f"md5:{digest}" for file, digest in theirs.resources}
        assert known.classes == tuple(theirs.classes)


def test_facts_of_emnist_are_torchvisions():
    known = DATASETS["emnist"]
    assert known.sources[-1] + "gzip.zip" == EMNIST.url
    assert known.checksums == {"gzip.zip": f"md5:{EMNIST.md5}"}
    assert known.classes == EMNIST_SPLITS["balanced"]
    assert {split: list(names) for split, names in EMNIST_SPLITS.items()} == {
        split: list(names) for split, names in EMNIST.classes_split_dict.items()
    }
    theirs = EMNIST.__new__(EMNIST)
    for theirs.split in EMNIST.splits:
        for split in ("train", "t10k"):
            theirs.train = split == "train"
            member = emnist_member(theirs.split, f"{split}-images-idx3-ubyte")
            assert member == f"gzip/{theirs._file_prefix}-images-idx3-ubyte.gz"


def test_the_schema_knows_the_same_data_sets():
    schema = yaml.safe_load(SCHEMA.read_text())
    keys = schema["properties"]["dataset"]["properties"]
    assert keys["name"]["enum"] == list(DATASETS)
    assert keys["split"]["enum"] == sorted(EMNIST_SPLITS)
