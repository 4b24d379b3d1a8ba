"""What users get wrong, and what the machine does to them."""

import os
import re
import signal
import subprocess
import time

import numpy as np
import pytest

from checkouts import refusal
from descent.data.idx import write_idx


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trainin={epochs: 1}"], "trainin: unknown key; did you mean training?"),
        (["training={epochs: 0}"], "training.epochs: 0 must be at least 1"),
        (["seeds=[1, 1]"], "seeds: [1, 1] must not contain duplicates"),
        (
            ["comparisons={pair: {ours: {optimizer: scratch.sdg}}}"],
            "comparisons.pair.ours.optimizer: scratch.sdg is unknown",
        ),
        (
            ["comparisons={pair: {ours: {nesterov: true}}}"],
            "comparisons.pair.ours.nesterov: scratch.sgd_momentum takes no nesterov here",
        ),
    ],
)
def test_a_wrong_configuration_is_one_line_and_no_traceback(checkout, arguments, said):
    line = refusal(checkout.snakemake("--config", *arguments))
    assert line.startswith(said)


def test_a_results_folder_that_cannot_be_written(checkout):
    (checkout.folder / "results").write_text("a file is in the way")
    line = refusal(checkout.start_anew())
    assert line.startswith("results/tiny/logs: cannot be written to")


def test_a_data_folder_that_cannot_be_written(checkout):
    line = refusal(checkout.snakemake("--config", "data_folder=/proc/data"))
    assert line.startswith("/proc/data: cannot be written to")


def test_labels_and_images_of_different_counts(checkout):
    write_idx(checkout.folder / "raw" / "t10k-labels-idx1-ubyte", np.zeros(3))
    process = checkout.snakemake("prepare")
    assert process.returncode != 0
    assert re.search(
        r"raw/t10k-images\S+ has 60 images, but raw/t10k-labels\S+ has 3 labels", process.stdout
    )


def test_a_missing_file_is_named_with_what_is_there(checkout):
    (checkout.folder / "raw" / "t10k-labels-idx1-ubyte").unlink()
    line = refusal(checkout.snakemake("prepare"))
    said = "dataset.folder: raw has no t10k-labels-idx1-ubyte; there is t10k-images-idx3-ubyte, "
    assert line.startswith(said)
    (checkout.folder / "raw").rename(checkout.folder / "Raw")
    line = refusal(checkout.snakemake("prepare"))
    assert line.startswith("dataset.folder: raw does not exist")


def test_a_damaged_gzip_file_is_named_before_anything_runs(checkout):
    (checkout.folder / "raw" / "train-labels-idx1-ubyte.gz").write_bytes(b"\x1f\x8b\x08 trunc")
    line = refusal(checkout.snakemake("prepare"))
    assert line.startswith("raw/train-labels-idx1-ubyte.gz: not a complete gzip file")


def test_files_that_are_something_else_are_named_and_called_what_they_are(checkout):
    contents = {
        "t10k-labels-idx1-ubyte": (b"<html>404</html>", "a web page"),
        "train-labels-idx1-ubyte": (b"version https://git-lfs", "a git-LFS pointer"),
        "train-images-idx3-ubyte": (b"\x03\x08\0\0\0\0", "IDX images in the other byte order"),
    }
    for name, (content, _) in contents.items():
        (checkout.folder / "raw" / name).write_bytes(content)
    process = checkout.snakemake("prepare")
    assert process.returncode != 0
    for name, (_, said) in contents.items():
        kind = "images" if "images" in name else "labels"
        assert f"raw/{name}: should be IDX {kind}, but is {said}" in process.stdout
    assert "Traceback" not in process.stdout


def test_no_source_has_the_data(checkout):
    checkout.configure(dataset={"name": "mnist", "sources": ["nowhere"]})
    process = checkout.snakemake("prepare")
    assert process.returncode != 0
    assert "nowhere: no such folder" in process.stdout
    assert "--configfile config/digits.yaml" in process.stdout
    assert not list(checkout.folder.glob("data/mnist/MNIST/raw/*"))


def test_a_killed_run_is_made_again(prepared, finished_once):
    """With fewer epochs, so that the checkpoint it left cannot be used."""
    prepared.configure(training={"epochs": 32767, "batch_size": 1})  # a quarter of an hour at least
    with subprocess.Popen(
        prepared.command("results/tiny/iterations/ours/seed_0.parquet"),
        cwd=prepared.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        checkpoint = prepared.results / "checkpoints" / "ours_0" / "0.safetensors"
        while not checkpoint.exists():
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
    assert not list(prepared.results.glob("iterations/ours/*"))
    locked = prepared.snakemake()
    assert locked.returncode != 0 and "--unlock" in locked.stdout
    prepared.run("--unlock")

    prepared.configure()
    files = [f"iterations/ours/seed_{seed}.parquet" for seed in range(2)]
    prepared.run(*(f"results/tiny/{file}" for file in files))
    for file in files:
        assert (prepared.results / file).read_bytes() == (finished_once.results / file).read_bytes()
    log = (prepared.results / "logs" / "train_ours_0.log").read_text()
    assert "not used, training starts over: it was made with another configuration" in log
    assert not checkpoint.parent.exists()
