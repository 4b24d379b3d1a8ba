"""Sweeps in the configuration."""

import pytest
import yaml

from configurations import DEFAULT, resolve
from descent.errors import ConfigurationError
from descent.experiment.plan import references, variants
from descent.experiment.sweeps import axis, compared, sweeps, swept
from sweeping import configure, sgd


def test_every_combination_is_a_variant():
    config = configure({"m": sgd(lr=[0.1, "1e-5"], momentum=[0, 0.9], weight_decay=0.5)})
    assert sweeps(config) == {
        "m_selected": {
            f"m_lr_{lr}_momentum_{momentum}": {
                "lr": float(lr),
                "momentum": momentum,
                "optimizer": "torch.optim.SGD",
                "weight_decay": 0.5,
            }
            for lr in ("0.1", "1e-05")
            for momentum in (0, 0.9)
        }
    }
    assert list(variants(config)) == ["m_selected"]
    assert compared(config)["c"]["m_selected"]["lr"] == "selected from 0.1, 1e-05"


def test_the_selected_variant_stands_in_comparisons_beside_the_others():
    config = configure({"m": sgd(lr=[0.1, 1], reference=True), "fixed": sgd(lr=0.1)})
    assert references(config) == {"c": ("m_selected", ["fixed"])}
    assert list(variants(config)) == ["m_selected", "fixed"]
    assert all("reference" not in one for one in sweeps(config)["m_selected"].values())


def test_without_lists_nothing_is_swept():
    assert sweeps(resolve({})) == {}


@pytest.mark.parametrize(
    ("optimizer", "settings", "names"),
    [
        ("torch.optim.Adam", {"betas": [0.9, 0.99]}, []),
        ("torch.optim.Adam", {"betas": [[0.9, 0.99], [0.8, 0.9]], "lr": 0.1}, ["betas"]),
        ("scratch.adam", {"lr": [0.1, 0.2], "betas": [0.9, 0.99]}, ["lr"]),
        ("scratch.rprop", {"step_sizes": [0.1, 1], "etas": [[0.5, 1.2]]}, ["etas"]),
        ("torch.optim.Adafactor", {"eps": [None, 0.1]}, []),
        ("torch.optim.SGD", {"lr": 0.1, "nesterov": [True, False]}, ["nesterov"]),
    ],
)
def test_what_is_a_list_by_nature_is_swept_by_a_list_of_lists(optimizer, settings, names):
    assert swept({"optimizer": optimizer, **settings}) == names


def test_names_of_files_are_safe():
    config = configure(
        {"a": {"optimizer": "torch.optim.Adam", "betas": [[0.9, 0.99]], "amsgrad": [True]}}
    )
    assert list(sweeps(config)["a_selected"]) == ["a_betas_0.9-0.99_amsgrad_true"]


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        ({"m": sgd(lr=[0.1, 0.1])}, "comparisons.c.m.lr: m_lr_0.1 appears twice"),
        ({"m": sgd(lr=[])}, "comparisons.c.m.lr: [] must not be empty"),
        ({"m": sgd(lr=[0.1, -1])}, "comparisons.c.m.lr.1: -1 must be at least 0"),
        ({"m": sgd(lr=[0.1, "x"])}, "comparisons.c.m.lr.1: 'x' must be of type number"),
        ({"m": sgd(lr=[0.1]), "m_lr_0.1": sgd(lr=1)}, "comparisons.c.m_lr_0.1: 'm_lr_0.1' may"),
        (
            {"m": sgd(lr=[0.1, 1]), "m_lr_1": sgd(lr=1)},
            "comparisons: m_lr_1 is the name of two variants",
        ),
        (
            {"m": sgd(lr=[0.1]), "n": sgd(lr=1, momentum=[0.9])},
            "comparisons.c: its sweeps need a hyperparameter in common",
        ),
    ],
)
def test_a_wrong_sweep_is_said_in_one_line(comparison, said):
    with pytest.raises(ConfigurationError) as error:
        configure(comparison)
    [line] = str(error.value).splitlines()
    assert line.startswith(said)


def test_the_axis_is_the_learning_rate_if_all_sweep_it():
    assert axis({"a": sgd(lr=[1], momentum=[0]), "b": sgd(lr=[1]), "c": sgd(lr=1)}) == "lr"
    assert axis({"a": sgd(lr=[1], momentum=[0]), "b": sgd(lr=1, momentum=[0])}) == "momentum"
    assert axis({"a": sgd(lr=1)}) is None


def test_the_example_is_a_sweep():
    config = resolve(yaml.safe_load((DEFAULT.parent / "sweep.yaml").read_text()))
    assert list(sweeps(config)) == ["sgd_selected", "momentum_selected"]
