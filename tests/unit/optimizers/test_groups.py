"""Parameters are dealt out to groups by their names."""

import pytest
import torch

from descent import model
from descent.errors import SignatureError
from descent.optimizers.groups import deal, in_turn, names_of

NAMES = ["W0", "b0", "W1", "b1", "W10", "b10"]


def test_names_are_those_of_the_network():
    parameters = model.initialize([4, 3, 2], [torch.Generator()])
    assert names_of(2) == model.names(parameters) == ["W0", "b0", "W1", "b1"]


def test_the_rest_comes_first_and_every_parameter_is_in_one_group():
    groups = [{"parameters": ["b*"], "lr": 1}, {"parameters": ["?1", "W1?"], "momentum": 0}]
    assert deal(NAMES, groups) == [
        ([0], {}),
        ([1, 3, 5], {"lr": 1}),  # b1 belongs to the first group that it matches
        ([2, 4], {"momentum": 0}),
    ]


def test_without_a_rest_there_is_no_group_for_it():
    assert deal(["W0", "b0"], [{"parameters": ["*"], "lr": 1}]) == [([0, 1], {"lr": 1})]


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (
            [{"parameters": ["b*", "B0"], "lr": 1}],
            "groups.0.parameters: B0 matches none of W0, b0, W1, b1, W10, b10",
        ),
        (
            [{"parameters": ["b*"], "lr": 1}, {"parameters": ["b0"], "lr": 2}],
            "groups.1.parameters: all that match belong to an earlier group",
        ),
    ],
)
def test_a_pattern_without_parameters_is_said_in_one_line(groups, said):
    with pytest.raises(SignatureError) as error:
        deal(NAMES, groups)
    assert str(error.value) == said


def test_in_turn_whatever_the_names():
    assert in_turn(5, ({}, {"lr": 1})) == [([0, 2, 4], {}), ([1, 3], {"lr": 1})]
    assert in_turn(5, ()) == []
