"""Data sets that are fetched, with generated files in their format."""

import gzip

import numpy as np
import pytest
from safetensors.numpy import load_file

from descent.data.catalog import DATASETS
from descent.data.idx import RAW_FILES
from tiny import write_emnist


def test_a_known_data_set_is_fetched_from_the_sources_given(checkout):
    checkout.configure(dataset={"name": "emnist", "sources": ["mirror"]})
    prepared = "data/emnist/prepared.safetensors"
    assert checkout.would_run(prepared) == {"fetch": 1, "prepare": 1}


@pytest.mark.slow
def test_emnist_is_fetched_once_and_prepared_upright(checkout):
    random = np.random.default_rng(2)
    raw = {
        name: random.integers(0, 256, (94, 5, 4)) if "images" in name else np.arange(94) % 47
        for name in RAW_FILES
    }
    checksum = write_emnist(checkout.folder / "mirror", raw)
    known = checkout.folder / "src" / "descent" / "data" / "catalog.py"
    known.write_text(known.read_text().replace(DATASETS["emnist"].checksums["gzip.zip"], checksum))
    checkout.configure(dataset={"name": "emnist", "sources": ["mirror"]})
    prepared = "data/emnist/prepared.safetensors"
    assert checkout.would_run(prepared) == {"fetch": 1, "prepare": 1}
    checkout.run(prepared, "results/tiny/figures/examples.png")
    assert checkout.would_run(prepared) == {}
    tensors = load_file(checkout.folder / prepared)
    assert (tensors["train_images"].reshape(94, 5, 4) == raw[RAW_FILES[0]]).all()
    assert (tensors["test_labels"] == raw[RAW_FILES[3]]).all()


def test_a_file_with_another_checksum_is_refused(checkout):
    (checkout.folder / "mirror").mkdir()
    for name in RAW_FILES:
        (checkout.folder / "mirror" / f"{name}.gz").write_bytes(gzip.compress(b"forged"))
    checkout.configure(dataset={"name": "fashion_mnist", "sources": ["mirror"]})
    process = checkout.snakemake("data/fashion_mnist/prepared.safetensors")
    assert process.returncode != 0
    assert "with MD5" in process.stdout and "dataset.sources" in process.stdout
    assert not list(checkout.folder.glob("data/fashion_mnist/MNIST/raw/*"))
