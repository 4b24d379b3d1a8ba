"""`make benchmark-gpu`, on the CPU with tiny data: nothing is left out, and faults are errors."""

import json
import sys

import pytest
import torch
from safetensors.torch import save_file

from configurations import PROJECT
from networks import make_data

STACKS = [1, 3]


@pytest.fixture(scope="module")
def benchmark():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(PROJECT / "benchmarks")
        import gpu

        yield gpu
    for name in ("gpu", "gpu_ways", "engines", "publish"):
        sys.modules.pop(name, None)


@pytest.fixture
def measure(benchmark, tmp_path, monkeypatch):
    """Return a function that runs the script on tiny data, and returns what it writes."""
    data = make_data(n_train=260)
    tensors = {
        f"{part}_{kind}": getattr(data, f"{part}_{kind}")
        for part in ("train", "test")
        for kind in ("images", "labels")
    }
    about = {"mean": "0.5", "std": "0.2", "n_classes": "4", "height": "8", "width": "8"}
    save_file(tensors, tmp_path / "prepared.safetensors", about)

    def run(*options):
        arguments = [tmp_path, *options, "--epochs", 1, "--output", tmp_path, "--stacks", *STACKS]
        monkeypatch.setattr(sys, "argv", ["gpu.py", *map(str, arguments)])
        try:
            benchmark.main()
        finally:
            written = tmp_path / "gpu.json"
            found = json.loads(written.read_text()) if written.exists() else None
        return found, (tmp_path / "gpu.md").read_text()

    return run


def test_every_row_is_measured(measure, benchmark):
    result, page = measure("--device", "cpu")
    for row, stack in zip(result["speed"], STACKS, strict=True):
        assert row["stack"] == stack
        measured = {"engine", "epochs", "products", "to_products", "torch_func"}
        assert all(row[way] > 0 for way in measured | ({"plain_torch"} if stack == 1 else set()))
        assert (row["jax"] is None) == ("jax" in result["problems"])
    assert set(result["problems"]) <= {"jax"}
    assert [(row["seeds"], row["stack"]) for row in result["bits"]] == [(1, 64), (7, 64), (64, 64)]
    assert [row["iterations"] for row in result["agreement"]] == [1, 10, 100]
    assert result["about"]["device_name"] in page
    rows = [line for line in page.splitlines() if line.startswith("|") and "---" not in line]
    assert len(rows) == 3 + len(STACKS) + 3 + 3  # with three heads


def test_without_a_gpu_one_line_says_so(measure, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match=r"^--device: cuda cannot be used: torch .*$"):
        measure()


def test_other_bits_and_other_losses_are_an_error(measure, benchmark, monkeypatch):
    """A mutant: the bits of a seed depend on the number of seeds, as in stacks of no fixed size."""
    original = benchmark.train_stack

    def train_stack(data, device, seeds, stack_size, epochs):
        runs = original(data, device, seeds, stack_size, epochs)
        for run in runs:
            run.iterations["train_loss"] *= 1 + len(runs) / 1e5
        return runs

    monkeypatch.setattr(benchmark, "train_stack", train_stack)
    with pytest.raises(SystemExit, match=r"^not as promised: bits of 1 seeds, bits of 7 seeds$"):
        measure("--device", "cpu")


def test_what_does_not_fit_loses_no_other_figure(measure, benchmark, monkeypatch):
    def torch_func(data, n):
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried ...")

    monkeypatch.setattr(benchmark, "torch_func", torch_func)
    result, page = measure("--device", "cpu")
    assert "Not measured, torch.func: stack of 3: CUDA out of memory." in page
    assert all(row["engine"] > 0 and row["products"] > 0 for row in result["speed"])
