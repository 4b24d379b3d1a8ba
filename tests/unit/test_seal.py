"""A damaged file of results is noticed, whatever is damaged in it."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file

from descent.errors import DamagedFileError
from descent.metrics import TRAIN_METRICS
from descent.records import read_runs, read_weights, write_iterations
from descent.seal import SEAL, read_frame, read_intact, seal, write_frame
from recorded import make_run


def read_iterations(file):
    [frame] = read_runs([file], {"a": [0]}, TRAIN_METRICS).values()
    return frame


def write_weights(file):
    values = torch.randn(20, 30, generator=torch.Generator().manual_seed(0))
    save_file({"W0": values, "b0": values[0].clone()}, file, {"seal": SEAL})
    seal(file)


def frame():
    return pd.DataFrame({"variant": ["a"] * 50, "mean": np.linspace(0, 1, 50)})


KINDS = {
    "iterations": (
        "f.parquet",
        lambda file: write_iterations(file, "a", make_run(0, 300), {"torch": "2"}),
        read_iterations,
    ),
    "curves": ("f.parquet", partial(write_frame, frame()), read_frame),
    "weights": ("f.safetensors", write_weights, read_weights),
}


def same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)
    return one.equals(other)


@pytest.mark.parametrize("kind", KINDS)
def test_of_200_flipped_bits_none_changes_a_number(tmp_path, kind):
    name, write, read = KINDS[kind]
    file = tmp_path / name
    write(file)
    content, written = file.read_bytes(), read(file)
    noticed = 0
    for bit in np.random.default_rng(0).choice(8 * len(content), 200, replace=False):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << (bit % 8)
        file.write_bytes(flipped)
        try:
            assert same(read(file), written)  # what was hit is the text before the checksum
        except DamagedFileError as error:
            assert str(error).startswith(f"{file}: damaged") and "\n" not in str(error)
            noticed += 1
    assert noticed > 180


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_file_is_damaged(tmp_path, kind):
    name, write, read = KINDS[kind]
    file = tmp_path / name
    write(file)
    content = file.read_bytes()
    for length in (0, 1, 20, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:length])
        with pytest.raises(DamagedFileError, match="remove it and run snakemake again"):
            read(file)


def test_files_from_before_the_seal_are_read(tmp_path):
    file = tmp_path / "old.parquet"
    frame().to_parquet(file)
    assert read_frame(file).equals(frame())
    about = {b"descent": json.dumps({"torch": "2"})}
    table = pq.read_table(file).append_column("seed", [[0] * 50])
    pq.write_table(table.replace_schema_metadata(about), file)
    assert len(read_runs([file], {"a": [0]}, ["mean"])["a", 0]) == 50
    save_file({"b0": torch.ones(3)}, tmp_path / "old.safetensors")
    assert read_weights(tmp_path / "old.safetensors")["b0"].tolist() == [1, 1, 1]


def test_other_readers_can_read_and_verify(tmp_path):
    write_frame(frame(), tmp_path / "f.parquet")
    read = pd.read_parquet(tmp_path / "f.parquet", page_checksum_verification=True)
    assert read.equals(frame())


def test_attributes_and_types_are_kept(tmp_path):
    told = frame().astype({"variant": "category"})
    told.attrs = {"device": "cpu"}
    write_frame(told, tmp_path / "f.parquet")
    read = read_frame(tmp_path / "f.parquet")
    assert read.equals(told) and read.attrs == told.attrs


def test_the_seal_is_the_checksum_with_zeros_in_its_place(tmp_path):
    file = tmp_path / "text"
    file.write_text(f"before {SEAL} after")
    seal(file)
    assert file.stat().st_size == len(f"before {SEAL} after")
    assert read_intact(file) == file.read_bytes() != f"before {SEAL} after".encode()
    with pytest.raises(FileNotFoundError):
        read_intact(tmp_path / "no such file")
