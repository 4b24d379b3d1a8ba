"""The configuration: merged into the default, parsed and validated against its schema."""

import subprocess
import sys
from importlib.util import find_spec

import pytest
import yaml

from configurations import DEFAULT, MINE, PROJECT, SCHEMA, configure, refusal, resolve, variant
from descent.errors import ConfigurationError
from descent.experiment.plan import variants


def test_the_default_is_valid_and_is_the_labs():
    config = configure()
    assert config == yaml.safe_load(DEFAULT.read_text())
    assert config["training"] == {
        "epochs": 20,
        "batch_size": 128,
        "threads": 1,
        "validation_fraction": 0,
        "device": "cpu",
        "stack_size": 250,
    }
    assert list(variants(config)) == [
        "sgd_scratch",
        "sgd_torch",
        "momentum_scratch",
        "momentum_torch",
    ]
    assert variants(config)["momentum_torch"] == {
        "lr": 0.01,
        "momentum": 0.9,
        "optimizer": "torch.optim.SGD",
    }


#: What a configuration needs besides, in the order of its variants.
PACKAGES = {"shootout.yaml": ["lion_pytorch", "schedulefree", "prodigyopt"]}


@pytest.mark.parametrize("file", sorted((PROJECT / "config").glob("*.yaml")), ids=lambda f: f.name)
def test_every_configuration_is_valid(file, monkeypatch):
    monkeypatch.chdir(PROJECT)  # to which its files of rules are relative
    config = yaml.safe_load(file.read_text())
    missing = [name for name in PACKAGES.get(file.name, ()) if not find_spec(name)]
    if missing:
        with pytest.raises(ConfigurationError) as error:
            resolve(config)
        [line] = str(error.value).splitlines()
        assert line.endswith(f"run: pip install {' '.join(missing)}")
    else:
        resolve(config)


def test_the_file_names_the_packages_it_needs():
    for name, packages in PACKAGES.items():
        text = (PROJECT / "config" / name).read_text()
        assert f"pip install {' '.join(packages)}\n" in text


OPTIONAL = {"dataset": {"folder", "normalization", "split"}, "model": {"module", "initialization"}}


def test_schema_and_default_have_the_same_keys_and_every_property_is_described():
    def compare(schema, value, path):
        assert schema.get("description") or not path, f"{path} has no description"
        if isinstance(value, dict) and "properties" in schema:
            assert schema["additionalProperties"] is False or path == "model"  # it has keywords
            assert schema["properties"].keys() - OPTIONAL.get(path, set()) == value.keys(), path
            for key, part in schema["properties"].items():
                compare(part, value.get(key), f"{path}.{key}".strip("."))

    compare(yaml.safe_load(SCHEMA.read_text()), yaml.safe_load(DEFAULT.read_text()), "")


def test_overrides_are_merged():
    config = configure(training={"epochs": 3}, comparisons={"sgd": {"sgd_torch": {"lr": 0.5}}})
    assert config["training"]["epochs"] == 3 and config["training"]["batch_size"] == 128
    assert config["comparisons"]["sgd"]["sgd_torch"]["lr"] == 0.5
    assert set(config["comparisons"]) == {"sgd", "momentum"}


def test_comparisons_with_a_new_variant_replace_the_defaults():
    mine = {"mine": {"fast": {"optimizer": "torch.optim.Adam", "lr": 0.001, "betas": [0.9, 0.99]}}}
    assert configure(comparisons=mine)["comparisons"] == mine


def test_a_resolved_configuration_resolves_to_itself():
    mine = {"mine": {"fast": {"optimizer": "scratch.sgd", "lr": 0.001}}}
    for config in (configure(), configure(comparisons=mine)):
        assert resolve(config) == config


def test_text_is_parsed_where_a_number_is_wanted():
    """Snakemake hands nested values of --config on as text; YAML reads 1e-3 as text."""
    config = configure(
        name=7,
        seeds="[0, 3]",
        training={"epochs": "1", "batch_size": 64.0},
        curves={"confidence_level": "9e-1"},
        comparisons={"sgd": {"sgd_scratch": {"lr": "1e-3"}}},
    )
    assert config["name"] == "7"
    assert config["seeds"] == [0, 3]
    assert config["training"]["epochs"] == 1
    assert type(config["training"]["batch_size"]) is int
    assert config["curves"]["confidence_level"] == 0.9
    assert config["comparisons"]["sgd"]["sgd_scratch"]["lr"] == 0.001


@pytest.mark.parametrize(
    ("overrides", "path", "said"),
    [
        ({"trainin": {}}, "trainin", "unknown key; did you mean training?"),
        ({"training": {"epoch": 3}}, "training.epoch", "did you mean epochs?"),
        ({"training": {"epochs": 0}}, "training.epochs", "0 must be at least 1"),
        ({"training": {"epochs": "many"}}, "training.epochs", "'many' must be of type integer"),
        ({"training": {"epochs": 1.5}}, "training.epochs", "1.5 must be of type integer"),
        ({"training": {"epochs": True}}, "training.epochs", "True must be of type integer"),
        ({"training": 3}, "training", "3 must be of type object"),
        ({"training": {"threads": 0}}, "training.threads", "0 must be at least 1"),
        ({"seeds": []}, "seeds", "must not be empty"),
        ({"seeds": [1, 2, 1]}, "seeds", "[1, 2, 1] must not contain duplicates"),
        ({"seeds": [-1]}, "seeds.0", "-1 must be at least 0"),
        ({"seeds": [2**31]}, "seeds.0", "must be at most"),
        ({"seeding": "pair"}, "seeding", "must be one of independent, paired"),
        ({"targets": {"accuracy": [95]}}, "targets.accuracy.0", "95 must be at most 1"),
        ({"targets": {"accuracy": []}}, "targets.accuracy", "must not be empty"),
        ({"name": "a/b"}, "name", "'a/b' may contain only letters"),
        ({"name": ".."}, "name", "'..' may contain only letters"),
        ({"dataset": {"name": "mist"}}, "dataset.name", "one of mnist, fashion_mnist, kmnist"),
        ({"dataset": {"name": "idx"}}, "dataset.folder", "missing"),
        ({"curves": {"smoothing_window": 10}}, "curves.smoothing_window", "10 is not allowed"),
        ({"curves": {"smoothing_window": 101}}, "curves.smoothing_window", "20 to 100, or 1"),
        ({"curves": {"band": "T"}}, "curves.band", "one of t, bootstrap, simultaneous, sd, minmax"),
        ({"curves": {"confidence_level": 1}}, "curves.confidence_level", "1 must be less than 1"),
        ({"model": {"hidden": [100, 0]}}, "model.hidden.1", "0 must be at least 1"),
        (variant(optimizer="scratch.sgd", lr=-1), "comparisons.mine.x.lr", "-1 must be at least 0"),
        (
            variant(optimizer="scratch.sgd_momentum", lr=1, momentum=1.0),
            "comparisons.mine.x.momentum",
            "1.0 must be less than 1",
        ),
        (variant(lr=1), "comparisons.mine.x.optimizer", "missing"),
        ({"comparisons": {1: {"x": MINE}}}, "comparisons.1", "1 must be of type string"),
        ({"comparisons": {"mine": {"a b": MINE}}}, "comparisons.mine.a b", "'a b' may contain"),
        ({"name": "con\n"}, "name", "may contain only letters"),
    ],
)  # fmt: skip
def test_a_wrong_key_or_value_is_said_in_one_line(overrides, path, said):
    line = refusal(overrides)
    assert line.startswith(f"{path}: ") and said in line


def test_every_problem_is_said():
    with pytest.raises(ConfigurationError) as error:
        configure(training={"epochs": 0, "epoch": 1, "batchsize": 2}, seeds=[], names="x")
    assert [line.partition(":")[0] for line in sorted(str(error.value).splitlines())] == [
        "names",
        "seeds",
        "training.batchsize",
        "training.epoch",
        "training.epochs",
    ]


def test_every_missing_key_is_said_once(tmp_path):
    default = yaml.safe_load(DEFAULT.read_text())
    del default["seeds"], default["model"]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(default))
    with pytest.raises(ConfigurationError) as error:
        resolve({}, default=tmp_path / "config.yaml")
    assert sorted(line.split(":")[0] for line in str(error.value).splitlines()) == [
        "model",
        "seeds",
    ]


def test_validation_does_not_import_torch():
    code = (
        f"import sys; sys.path.insert(0, {str(PROJECT / 'src')!r})\n"
        f"from descent.experiment.configuration import resolve; "
        f"resolve({str(DEFAULT)!r}, {str(SCHEMA)!r}, {{}})\n"
        "print(*sys.modules)"
    )
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "pandas", "numpy", "matplotlib"} & set(modules)
