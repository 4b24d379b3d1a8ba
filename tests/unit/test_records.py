"""The files of runs: their columns, their metadata, and which runs are read."""

import os
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from configurations import PROJECT
from descent.errors import RecordError
from descent.metrics import TRAIN_METRICS
from descent.records import (
    Runs,
    collect,
    diverged,
    divergences,
    read_all_metadata,
    read_collected,
    read_metadata,
    read_runs,
    read_weights,
    unfinished,
    write_epochs,
    write_iterations,
    write_run,
)
from descent.training.seeding import stream_seed
from networks import SGD, make_data, run
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
    assert (frame["train_loss"].to_numpy() == run.iterations["train_loss"]).all()
    assert (frame["train_accuracy"].to_numpy() == run.iterations["train_accuracy"]).all()
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
    run.iterations["train_accuracy"] = np.round(
        run.iterations["train_accuracy"] * 128
    ) / np.float32(128)
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
    assert runs["b", 1]["train_loss"].tolist() == make_run(1).iterations["train_loss"].tolist()
    assert len(pd.read_parquet(files[0].parents[1])) == 4 * 12


@pytest.mark.parametrize(
    ("expected", "chosen", "message"),
    [
        ({"a": [0, 1], "b": [0, 1]}, [0, 1, 2], r"run \('b', 1\) \(1 missing\)"),
        ({"a": [0, 1], "b": [0]}, [0, 1, 2, 3], "seed_1.parquet: .*not configured"),
        ({"a": [0, 1], "b": [0, 1]}, [0, 1, 2, 3, 3], "appears twice"),
    ],
)
def test_other_runs_are_refused(files, expected, chosen, message):
    with pytest.raises(RecordError, match=message):
        read_runs([files[index] for index in chosen], expected, TRAIN_METRICS)


def test_runs_that_are_read_when_asked_for_are_the_same(files, tmp_path):
    expected = {"a": [0, 1], "b": [0, 1]}
    runs = Runs(files, expected, TRAIN_METRICS)
    assert len(runs) == 4
    for key, frame in read_runs(files, expected, TRAIN_METRICS).items():
        pd.testing.assert_frame_equal(runs[key], frame)
    for chosen in (files[1:], [*files, tmp_path / "c" / "seed_0.parquet"]):
        with pytest.raises(RecordError, match="files are not exactly those of 4 runs"):
            Runs(chosen, expected, TRAIN_METRICS)
    files[0].write_bytes(files[1].read_bytes())
    with pytest.raises(RecordError, match=r"seed_0.parquet: the run \('a', 1\) is not configured"):
        runs["a", 0]


def test_collected_epochs_are_those_of_the_single_files(tmp_path):
    """Also of runs of different lengths, one of which diverged, in files in any order."""
    files, expected = [], {"a": [0, 10, 9], "b": [0]}
    for variant, seeds in expected.items():
        for seed in seeds:
            files.append(tmp_path / variant / f"seed_{seed}.parquet")
            about = {"configuration": {"variant": variant}, "seed": seed, "status": "completed"}
            made = make_run(seed, n_epochs=1 + seed % 4)
            if seed == 9:
                about |= {"status": "diverged", "diverged_at_iteration": 7}
            write_epochs(files[-1], variant, made, about)
    output, columns = tmp_path / "epochs.parquet", ["iteration", "test_loss"]
    collect(files[::-1], expected, output)
    runs, about = read_collected(output, columns)
    singles = read_runs(files, expected, columns)
    assert list(runs) == list(singles) == list(about)
    for key, frame in singles.items():
        pd.testing.assert_frame_equal(runs[key], frame)
    assert about == read_all_metadata(files)
    assert diverged(about) == divergences(files) == {("a", 9): 7}
    with pytest.raises(RecordError, match="1 missing"):
        collect(files[1:], expected, output)


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
    assert left.exists()  # a writer on another machine may need it
    two_days_ago = time.time() - 2 * 24 * 60 * 60
    os.utime(left, (two_days_ago, two_days_ago))
    write_iterations(tmp_path / "a" / "seed_1.parquet", "a", make_run(1), {})
    assert not left.exists()


def test_files_of_a_run(tmp_path):
    configuration = {"variant": "v", "root_seed": 0, "seeding": "independent", "settings": SGD}
    runs = run(make_data(), SGD, [0, 7])
    files = [tmp_path / name for name in ("iterations.parquet", "epochs.parquet", "w.safetensors")]
    write_run(runs[1], configuration, *files, identity="what it depends on")
    weights = read_weights(files[2])
    assert load_file(files[2]).keys() == weights.keys()
    assert {name: tuple(w.shape) for name, w in weights.items()} == {
        "W0": (20, 64),
        "b0": (20,),
        "W1": (20, 20),
        "b1": (20,),
        "W2": (4, 20),
        "b2": (4,),
    }
    for name, values in weights.items():
        assert torch.equal(values, runs[1].parameters[name]) and values.any()
    metadata = read_metadata(files[0])
    # a time, and what depends on how a library arranges a file
    only_there = {"forward_pass": runs[1].forward_pass, "identity": "what it depends on"}
    assert metadata | only_there == read_metadata(files[1])
    assert metadata["configuration"] == configuration
    assert metadata["status"] == "completed"
    assert metadata["seed"] == 7
    assert metadata["streams"]["order"] == stream_seed(0, "order", "v", 7)
    assert metadata["torch"] == torch.__version__.partition("+")[0]
    assert {"python", "descent", "git_commit", "git_dirty", "cpu"} <= metadata.keys()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f.name for f in files)


def test_a_diverged_run_has_its_files(tmp_path):
    configuration = {"variant": "v", "root_seed": 0, "seeding": "independent", "settings": SGD}
    [result] = run(make_data(), {"optimizer": "scratch.sgd", "lr": 1e10}, [0])
    files = [tmp_path / name for name in ("iterations.parquet", "epochs.parquet", "w.safetensors")]
    write_run(result, configuration, *files)
    assert divergences(files[:1]) == {("v", 0): len(result.iterations["train_loss"])}
    iterations = read_runs(files[:1], {"v": [0]}, ["epoch", "train_loss"])["v", 0]
    assert iterations["epoch"].eq(1).all() and np.isnan(iterations["train_loss"].iloc[-1])
    assert load_file(files[2]).keys() == result.parameters.keys()


def test_runs_of_different_devices_are_not_compared(tmp_path):
    told = [{}, {"device": "cpu"}, {"device": "cuda"}]
    files = [tmp_path / f"seed_{seed}.parquet" for seed in range(3)]
    for seed, (file, about) in enumerate(zip(files, told, strict=True)):
        write_iterations(file, "a", make_run(seed), about)
    assert len(read_runs(files[:2], {"a": [0, 1]}, TRAIN_METRICS)) == 2
    assert len(read_runs(files[2:], {"a": [2]}, TRAIN_METRICS)) == 1
    with pytest.raises(RecordError) as error:
        read_runs(files, {"a": [0, 1, 2]}, TRAIN_METRICS)
    assert str(error.value).startswith(f"{files[2]}: trained on cuda, but {files[0]} on cpu; ")
    assert "\n" not in str(error.value)


def test_a_run_names_its_device(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H100")
    configuration = {"variant": "v", "root_seed": 0, "seeding": "independent", "settings": SGD}
    [result] = run(make_data(), SGD, [0], epochs=1)
    files = [tmp_path / name for name in ("iterations.parquet", "epochs.parquet", "w.safetensors")]
    for device in ("cpu", "cuda"):
        result.device = device
        write_run(result, configuration, *files)
        about = read_metadata(files[0])
        assert about["device"] == device
        assert about["device_name"] == (about["cpu"] if device == "cpu" else "NVIDIA H100")


def test_only_runs_without_their_files_are_unfinished(tmp_path, capsys):
    configuration = {"variant": "v", "root_seed": 0, "seeding": "independent", "settings": SGD}
    files = {
        seed: [tmp_path / f"{seed}_{kind}" for kind in ("iterations", "epochs", "weights")]
        for seed in range(3)
    }
    assert unfinished(files, "one") == [0, 1, 2]
    [result] = run(make_data(), SGD, [0], epochs=1)
    for paths in files.values():
        write_run(result, configuration, *paths, identity="one")
    assert unfinished(files, "one") == [0, 1, 2]  # nothing is missing: they are wanted again
    assert unfinished(files, "other") == [0, 1, 2]
    assert "kept" not in capsys.readouterr().out
    for path in files[1]:
        content = path.read_bytes()
        for damage in (path.unlink, lambda: path.write_bytes(content[:-1])):  # noqa: B023
            damage()
            assert unfinished(files, "one") == [1]
            assert capsys.readouterr().out.endswith("has changed: seed 0, 2\n")
        path.write_bytes(content)
    write_run(result, configuration, *files[2], identity="other")
    assert unfinished(files, "one") == [2]
