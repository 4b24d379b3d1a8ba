"""A user's own network, from its file to the weights and the verdict."""

import hashlib
import shutil
from pathlib import Path

import pandas as pd
import pytest
from safetensors.torch import load_file

import own_modules
from checkouts import refusal, trains
from descent.records import read_metadata

VARIANTS = {
    "ours": {"optimizer": "scratch.sgd_momentum", "lr": 0.05, "momentum": 0.9},
    "theirs": {
        "optimizer": "torch.optim.SGD",
        "lr": 0.05,
        "momentum": 0.9,
        "groups": [{"parameters": ["*.bias"], "momentum": 0.9}],
        "reference": True,
    },
}
PARITY = "results/tiny/tables/parity.csv"
MODEL = {"module": "my models/net.py:WithBoth", "p": 0.2}


@pytest.fixture
def users(prepared):
    (prepared.folder / "my models").mkdir()
    shutil.copy(own_modules.__file__, prepared.folder / "my models" / "net.py")
    prepared.configure(model=MODEL, comparisons={"pair": VARIANTS})
    return prepared


def tensors(checkout):
    return {
        file.relative_to(checkout.results): {
            name: tensor.numpy().tobytes() for name, tensor in load_file(file).items()
        }
        for file in sorted(checkout.results.glob("weights/*/*.safetensors"))
    }


@pytest.mark.slow
def test_a_network_of_the_user_runs_and_reruns_when_it_is_edited(users):
    users.run("train", PARITY)
    first = tensors(users)
    names = {"conv1.weight", "bn.running_mean", "bn.num_batches_tracked", "fc.bias"}
    assert len(first) == 6 and all(names < own.keys() for own in first.values())
    epochs = pd.read_parquet(users.results / "epochs")
    assert epochs.groupby("epoch")["test_accuracy"].mean()[2] > 0.9
    verdicts = pd.read_csv(users.folder / PARITY)
    assert set(verdicts["verdict"]) <= {"identical", "equal to rounding"}
    about = read_metadata(users.results / "epochs" / "ours" / "seed_0.parquet")
    source = (users.folder / "my models" / "net.py").read_bytes()
    assert about["module_sha256"] == hashlib.sha256(source).hexdigest()
    assert set(about["streams"]) == {"initialization", "order", "noise"}
    assert users.would_run("train", PARITY) == {}

    users.configure(model=MODEL, comparisons={"pair": VARIANTS}, seeds_per_job=1)
    shutil.rmtree(users.results)
    users.run("train")
    assert tensors(users) == first

    Path(users.folder, "my models", "net.py").write_bytes(source + b"\n# changed\n")
    assert len(trains(users.would_run("train"))) == 6


def test_what_is_wrong_with_a_network_is_said_in_a_line(users):
    users.configure(model={**MODEL, "dropout": 0.2}, comparisons={"pair": VARIANTS})
    assert refusal(users.snakemake("-n")) == (
        "model.dropout: my models/net.py:WithBoth takes no dropout; it takes p"
    )
    users.configure(model={"module": "my models/net.py:WithNumPy"}, comparisons={"pair": VARIANTS})
    process = users.snakemake("train", cores=1)
    assert process.returncode != 0
    said = "my models/net.py: it draws random numbers with NumPy or random; draw them with torch"
    assert said in process.stdout
