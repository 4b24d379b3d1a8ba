import os
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from configurations import PROJECT
from descent.errors import RecordError
from descent.files import check_writable, replacing
from descent.metrics import TRAIN_METRICS
from descent.records import read_metadata, read_runs, write_epochs, write_iterations
from recorded import make_run


def test_iterations_have_the_columns_and_types_of_the_design(tmp_path):
    file, run = tmp_path / "seed_4.parquet", make_run(4)
    write_iterations(file, "a", run, {"seed": 4})
    frame = pd.read_parquet(file)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "variant": "category",
        "seed": "int32",
        "iteration": "int32",
        "epoch": "int16",
        "train_loss": "float32",
        "train_accuracy": "float32",
    }
    assert frame["iteration"].tolist() == list(range(1, 13))
    assert frame["epoch"].tolist() == [1] * 4 + [2] * 4 + [3] * 4
    assert set(frame["variant"]) == {"a"} and set(frame["seed"]) == {4}
    assert (frame["train_loss"].to_numpy() == run.train_loss).all()
    assert (frame["train_accuracy"].to_numpy() == run.train_accuracy).all()
    assert read_metadata(file) == {"seed": 4}


def test_epochs_begin_with_the_untrained_network(tmp_path):
    file, run = tmp_path / "seed_4.parquet", make_run(4)
    write_epochs(file, "a", run, {})
    frame = pd.read_parquet(file)
    assert [str(dtype) for dtype in frame.dtypes] == ["category", "int32", "int16", "int32"] + [
        "float64"
    ] * 5
    assert frame["epoch"].tolist() == [0, 1, 2, 3]
    assert frame["iteration"].tolist() == [0, 4, 8, 12]
    assert frame["test_accuracy"].tolist() == run.test_accuracy
    assert frame["test_loss"].tolist() == run.test_loss
    assert frame["train_seconds"].tolist() == run.train_seconds
    assert frame["validation_loss"].tolist() == run.validation_loss
    assert frame["validation_accuracy"].tolist() == run.validation_accuracy


def test_a_row_costs_at_most_twelve_bytes(tmp_path):
    file, n = tmp_path / "seed_0.parquet", 9380
    run = make_run(0, n_iterations=n, n_epochs=20)
    run.train_accuracy = np.round(run.train_accuracy * 128) / np.float32(128)
    write_iterations(file, "a", run, {})
    assert file.stat().st_size <= 12 * n


@pytest.fixture
def files(tmp_path):
    for variant in ("a", "b"):
        for seed in (0, 1):
            write_iterations(
                tmp_path / variant / f"seed_{seed}.parquet", variant, make_run(seed), {}
            )
    return sorted(tmp_path.glob("*/*.parquet"))


def test_exactly_the_configured_runs_are_read(files):
    runs = read_runs(files, {"a": [0, 1], "b": [0, 1]}, TRAIN_METRICS)
    assert list(runs) == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    assert runs["b", 1]["train_loss"].tolist() == make_run(1).train_loss.tolist()
    assert len(pd.read_parquet(files[0].parents[1])) == 4 * 12


@pytest.mark.parametrize(
    ("expected", "chosen", "message"),
    [
        ({"a": [0, 1], "b": [0, 1]}, [0, 1, 2], r"run \('b', 1\) \(1 missing\)"),
        ({"a": [0, 1], "b": [0]}, [0, 1, 2, 3], "seed_1.parquet: .*not configured"),
        ({"a": [0, 1], "b": [0, 1]}, [0, 1, 2, 3, 3], "there twice"),
    ],
)
def test_other_runs_are_refused(files, expected, chosen, message):
    with pytest.raises(RecordError, match=message):
        read_runs([files[index] for index in chosen], expected, TRAIN_METRICS)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    file = tmp_path / "result"
    file.write_text("old")
    with pytest.raises(RuntimeError), replacing(file) as part:
        part.write_text("half")
        raise RuntimeError
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_reader_of_the_old_file_never_sees_half_of_the_new_one(tmp_path):
    file = tmp_path / "result"
    file.write_text("old")
    with file.open() as reader:
        with replacing(file) as part:
            part.write_text("new and longer")
        assert reader.read() == "old"
    assert file.read_text() == "new and longer"


def test_a_write_that_is_killed_leaves_no_file(tmp_path):
    code = """
import os, signal, sys
import pyarrow.parquet as pq
from descent.records import write_iterations
sys.path.insert(0, sys.argv[2])
from recorded import make_run

def write_half(table, file, **options):
    with open(file, "wb") as stream:
        stream.write(b"PAR1 and then nothing")
    os.kill(os.getpid(), signal.SIGKILL)

pq.write_table = write_half
write_iterations(sys.argv[1] + "/a/seed_0.parquet", "a", make_run(0), {})
"""
    library = PROJECT / "src"
    killed = subprocess.run(
        [sys.executable, "-c", code, tmp_path, PROJECT / "tests" / "support"],
        env={**os.environ, "PYTHONPATH": str(library)},
    )
    assert killed.returncode == -9
    [left] = (tmp_path / "a").iterdir()
    assert left.name.startswith(".part-")
    write_iterations(tmp_path / "a" / "seed_0.parquet", "a", make_run(0), {})
    assert list(read_runs([tmp_path / "a" / "seed_0.parquet"], {"a": [0]}, TRAIN_METRICS)) == [
        ("a", 0)
    ]
    assert len(pd.read_parquet(tmp_path)) == 12
    assert left.exists()  # it may be that of a writer on another machine
    two_days_ago = time.time() - 2 * 24 * 60 * 60
    os.utime(left, (two_days_ago, two_days_ago))
    write_iterations(tmp_path / "a" / "seed_1.parquet", "a", make_run(1), {})
    assert not left.exists()


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    file = tmp_path / "result.csv"
    with replacing(file) as first, first.open("w") as one:
        one.write("one, ")
        one.flush()
        with replacing(file) as second:
            second.write_text("other")
        assert file.read_text() == "other"
        one.write("whole")
        one.flush()
    assert file.read_text() == "one, whole"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_file_has_the_permissions_of_any_other(tmp_path, umask):
    before = os.umask(umask)
    try:
        (tmp_path / "other").touch()
        with replacing(tmp_path / "result") as part:
            part.touch()
    finally:
        os.umask(before)
    assert (tmp_path / "result").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    check_writable(tmp_path / "new" / "folder")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"file/results: cannot be written to"):
        check_writable(tmp_path / "file" / "results")
