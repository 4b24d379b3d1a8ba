"""Data sets that are fetched, with generated files in their format, and one's own."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file

from checkouts import TINY, make_checkout, refusal
from descent.data.catalog import DATASETS
from descent.data.idx import RAW_FILES, write_idx
from descent.data.prepared import load_prepared
from tiny import write_emnist

MNIST = Path(__file__).parents[3] / "shared" / "mnist"


def data_of(checkout):
    """Make the data of the experiment, and load those that are new."""
    before = set(checkout.results.glob("data/*"))
    checkout.run("data")
    [prepared] = set(checkout.results.glob("data/*")) - before
    return load_prepared(prepared)


def test_a_known_data_set_is_fetched_from_the_sources_given(checkout):
    checkout.configure(dataset={"name": "emnist", "sources": ["mirror"]})
    assert checkout.would_run("prepare") == {"fetch": 1, "prepare": 1}


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
    assert checkout.would_run("prepare") == {"fetch": 1, "prepare": 1}
    checkout.run("prepare", "examples")
    assert checkout.would_run("prepare", "examples") == {}
    [prepared] = checkout.results.glob("data/*")
    tensors = load_file(prepared)
    assert (tensors["train_images"].reshape(94, 5, 4) == raw[RAW_FILES[0]]).all()
    assert (tensors["test_labels"] == raw[RAW_FILES[3]]).all()


def test_a_file_with_another_checksum_is_refused(checkout):
    (checkout.folder / "mirror").mkdir()
    for name in RAW_FILES:
        (checkout.folder / "mirror" / f"{name}.gz").write_bytes(gzip.compress(b"forged"))
    checkout.configure(dataset={"name": "fashion_mnist", "sources": ["mirror"]})
    process = checkout.snakemake("prepare")
    assert process.returncode != 0
    assert "is a gzip file, 26 bytes with MD5" in process.stdout
    assert "dataset.sources" in process.stdout
    assert not list(checkout.folder.glob("data/fashion_mnist/MNIST/raw/*"))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["dotted", "packed anew in a root of torchvision"])
def test_mnist_is_taken_unpacked_or_packed_anew(checkout, form):
    if not MNIST.exists():
        pytest.skip("MNIST is not there")
    for name in RAW_FILES:
        content = gzip.decompress((MNIST / f"{name}.gz").read_bytes())
        file = checkout.folder / "mirror" / name.replace("-idx", ".idx")
        if form != "dotted":
            file = checkout.folder / "mirror" / "MNIST" / "raw" / f"{name}.gz"
            content = gzip.compress(content, 1)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    checkout.configure(dataset={"name": "mnist", "sources": ["mirror"]})
    data = data_of(checkout)
    assert len(data.train_images) == 60000 and data.normalization == (0.1307, 0.3081)


def test_a_split_of_emnist_has_its_own_data(checkout):
    checkout.configure(dataset={"name": "emnist", "split": "letters", "sources": ["mirror"]})
    assert checkout.would_run("prepare") == {"fetch": 1, "prepare": 1}
    checkout.configure(dataset={"name": "emnist", "sources": ["mirror"]})
    assert checkout.would_run("prepare") == {"fetch": 1, "prepare": 1}
    checkout.configure(dataset={"name": "mnist", "split": "letters"})
    assert refusal(checkout.snakemake("-n")).startswith("dataset.split: 'letters' is not allowed")


def test_projects_that_share_a_data_folder_share_no_data_that_differ(tmp_path):
    """Both call their folder raw, relative to where they are."""
    tensors = []
    for name in ("first", "second"):
        project = make_checkout(tmp_path / name)
        images = np.full((300, 8, 8), len(tensors))
        images[:, 0] = 255
        write_idx(project.folder / "raw" / RAW_FILES[0], images)
        project.configure(data_folder=str(tmp_path / "shared"))
        tensors.append(data_of(project))
    assert [data.train_images[0, -1] for data in tensors] == [0, 1]


def test_few_images_get_their_figure_and_report(checkout):
    for count, split in ((9, "train"), (5, "t10k")):
        images = np.random.default_rng(count).integers(0, 256, (count, 8, 8))
        write_idx(checkout.folder / "raw" / f"{split}-images-idx3-ubyte", images)
        write_idx(checkout.folder / "raw" / f"{split}-labels-idx1-ubyte", np.arange(count) % 3 + 1)
    checkout.configure(seeds=[0], parity={"iterations": 2, "seeds": 1})
    said = checkout.run("results/tiny/report.html")
    assert "the labels begin with 1; the network has outputs from 0 to 3" in said
    assert (checkout.results / "figures" / "examples.png").exists()


def test_own_images_are_normalized_by_their_own_pixels_unless_told_otherwise(checkout):
    for given, expected in (({}, None), ({"normalization": [0.5, 0.25]}, (0.5, 0.25))):
        checkout.configure(dataset={**TINY["dataset"], **given})
        data = data_of(checkout)
        pixels = data.train_images.double() / 255
        own = pixels.mean().item(), pixels.std(correction=0).item()
        assert data.normalization == pytest.approx(expected or own, abs=1e-4)
    wrong = yaml.safe_dump({**TINY, "dataset": {**TINY["dataset"], "normalization": [0.5]}})
    (checkout.folder / "tiny.yaml").write_text(wrong)
    assert "normalization: [0.5] must have 2 items" in refusal(checkout.snakemake("-n"))


def test_the_memory_of_the_preparation_grows_with_the_images(checkout):
    checkout.run("data")
    [images] = checkout.folder.glob(f"data/*/MNIST/raw/{RAW_FILES[0]}")
    with images.open("r+b") as file:
        file.truncate(2 * 10**9)  # takes no space on the disk
    [megabytes] = re.findall("mem_mb=([0-9]+)", checkout.run("-n", "prepare"))
    assert int(megabytes) > 4000
