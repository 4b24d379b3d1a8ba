"""The network in the configuration, checked without importing it."""

import pytest

import own_modules
from configurations import configure
from descent.errors import ConfigurationError, SignatureError
from descent.experiment.networks import check_model

FILE = own_modules.__file__


@pytest.mark.parametrize(
    "model",
    [
        {"hidden": [100, 100]},
        {"module": "descent.models.lenet", "dropout": 0.5, "batch_norm": True},
        {"module": "descent.models.mlp", "hidden": [3], "initialization": "torch"},
        {"module": "descent.models.linear"},
        {"module": f"{FILE}:Small"},
        {"module": f"{FILE}:WithBoth", "p": 0.5},
        {"module": f"{FILE}:made", "width": 20},
    ],
)
def test_right_ones_pass(model):
    check_model(model)
    assert configure(model=model)["model"] == model


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ({"module": "descent.models.lenett"}, "is unknown; did you mean descent.models.lenet?"),
        ({"module": "torchvision.models.resnet18"}, "Allowed: descent.models.lenet"),
        ({"module": FILE}, f"does not name a class; add its name, as in {FILE}:LeNet"),
        ({"module": "missing.py:Net"}, "module: missing.py: no such file"),
        ({"module": f"{FILE}:Smal"}, "Small"),
        ({"module": f"{FILE}:Small", "widht": 3}, "widht: "),
        ({"module": f"{FILE}:WithBoth", "q": 0.1}, "takes no q; it takes p"),
        ({"module": "descent.models.lenet", "hidden": [3]}, "takes no hidden; it takes batch_norm"),
        ({"module": "descent.models.lenet", "n_classes": 3}, "n_classes: "),
        ({"hidden": [3], "initialization": "torch"}, "initialization: only a module takes this"),
        ({"hidden": [3], "width": 3}, "width: only a module takes this"),
        ({}, "hidden: missing"),
    ],
)
def test_wrong_ones_are_refused(model, problem):
    with pytest.raises(SignatureError) as error:
        check_model(model)
    assert problem in str(error.value) and "\n" not in str(error.value)


def test_a_wrong_one_names_its_key_in_the_configuration():
    with pytest.raises(ConfigurationError, match=r"^model\.module: x is unknown"):
        configure(model={"module": "x"})
    with pytest.raises(ConfigurationError, match=r"^model\.initialization: 'he' must be one of"):
        configure(model={"module": "descent.models.linear", "initialization": "he"})


def test_groups_of_a_module_are_dealt_when_it_is_known():
    variant = {
        "optimizer": "scratch.sgd",
        "lr": 0.1,
        "groups": [{"parameters": ["*.bias"], "lr": 1}],
    }
    configure(model={"module": "descent.models.linear"}, comparisons={"a": {"b": variant}})
    with pytest.raises(ConfigurationError, match="matches none of W0"):
        configure(comparisons={"a": {"b": variant}})
