"""The test functions: values from the literature, minima, and gradients from formulas."""

import math

import pytest
import torch

from configurations import PROJECT
from descent.errors import UsageError
from descent.experiment.reading import read
from descent.landscapes.functions import FUNCTIONS, find

#: Gradients, written down by hand.
GRADIENTS = {
    "quadratic": lambda x, y: (x, 100 * y),
    "rosenbrock": lambda x, y: (
        -2 * (1 - x) - 400 * x * (y - x**2),
        200 * (y - x**2),
    ),
    "beale": lambda x, y: (
        2 * (1.5 - x + x * y) * (y - 1)
        + 2 * (2.25 - x + x * y**2) * (y**2 - 1)
        + 2 * (2.625 - x + x * y**3) * (y**3 - 1),
        2 * (1.5 - x + x * y) * x
        + 4 * (2.25 - x + x * y**2) * x * y
        + 6 * (2.625 - x + x * y**3) * x * y**2,
    ),
    "saddle": lambda x, y: (2 * x, -2 * y),
    "rastrigin": lambda x, y: tuple(
        2 * z + 20 * math.pi * math.sin(2 * math.pi * z) for z in (x, y)
    ),
    "himmelblau": lambda x, y: (
        4 * x * (x**2 + y - 11) + 2 * (x + y**2 - 7),
        2 * (x**2 + y - 11) + 4 * y * (x + y**2 - 7),
    ),
}


def value_and_gradient(function, point):
    point = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    value = function.value(*point)
    return value.item(), torch.autograd.grad(value, point)[0]


@pytest.mark.parametrize(
    ("name", "point", "value"),
    [
        ("quadratic", (1, 1), 50.5),
        ("rosenbrock", (-1.2, 1), 24.2),  # Rosenbrock 1960
        ("beale", (1, 1), 14.203125),  # Moré, Garbow and Hillstrom 1981
        ("saddle", (2, 1), 3),
        ("rastrigin", (0.5, 0.5), 40.5),
        ("rastrigin", (4.52299366, 4.52299366), 80.70658039),  # its maximum on [-5.12, 5.12]^2
        ("himmelblau", (0, 0), 170),
        ("himmelblau", (-0.270845, -0.923039), 181.617),  # its local maximum
    ],
)
def test_values_are_those_of_the_literature(name, point, value):
    assert value_and_gradient(FUNCTIONS[name], point)[0] == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_minima_have_the_value_0_no_gradient_and_nothing_below(function):
    for minimum in function.minima:
        value, gradient = value_and_gradient(function, minimum)
        assert value == pytest.approx(0, abs=1e-25)
        assert gradient.abs().max() < 1e-12
        assert function.contains(*minimum)
    left, right, bottom, top = function.region
    x, y = torch.meshgrid(
        torch.linspace(left, right, 200, dtype=torch.float64),
        torch.linspace(bottom, top, 200, dtype=torch.float64),
        indexing="ij",
    )
    assert function.value(x, y).min() >= 0 or not function.minima


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_are_those_of_the_formula_written_by_hand(name):
    random = torch.Generator().manual_seed(0)
    points = [FUNCTIONS[name].start, *(4 * torch.rand(20, 2, generator=random) - 2).tolist()]
    for point in points:
        gradient = value_and_gradient(FUNCTIONS[name], point)[1]
        assert gradient.tolist() == pytest.approx(GRADIENTS[name](*point), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_the_start_is_in_the_picture_and_no_minimum(function):
    assert function.contains(*function.start)
    assert function.start not in function.minima


def test_the_schema_has_the_same_names():
    schema = read(PROJECT / "workflow/schemas/config.schema.yaml")
    assert schema["properties"]["landscapes"]["items"]["enum"] == list(FUNCTIONS)


def test_an_unknown_function_is_one_line():
    with pytest.raises(UsageError, match="rosenbrok: no such test function; choose quadratic"):
        find("rosenbrok")
