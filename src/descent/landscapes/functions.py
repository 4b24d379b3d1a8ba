"""Test functions of two variables, each with its source.

They are written with operators and methods that numbers of torch have, so that this module, which
the command line reads for its help, needs no torch.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from descent.errors import UsageError


@dataclass(frozen=True)
class Function:
    """A test function and how it is drawn.

    Attributes
    ----------
    name : str
        By which it is chosen.
    title, formula, source : str
        As they are shown.
    value : callable
        `value(x, y)`, of float64 tensors of any one shape.
    minima : tuple of tuple of float
        The global minima; empty if it has none.
    start : tuple of float
        Where a trajectory begins by default.
    iterations : int
        Of a trajectory by default.
    region : tuple of float
        The picture: left, right, bottom, top.
    log_levels : bool
        Whether the contours are spaced logarithmically above the minimum, which is then 0.
    note : str
        What is worth knowing besides.
    """

    name: str
    title: str
    formula: str
    source: str
    value: Callable
    minima: tuple
    start: tuple
    iterations: int
    region: tuple
    log_levels: bool = True
    note: str = ""

    def contains(self, x, y):
        """Tell whether a point is in the picture."""
        left, right, bottom, top = self.region
        return left <= x <= right and bottom <= y <= top


def _quadratic(x, y):
    return (x**2 + 100 * y**2) / 2


def _rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _beale(x, y):
    return sum((c - x * (1 - y**k)) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625)))


def _saddle(x, y):
    return x**2 - y**2


def _rastrigin(x, y):
    return 20 + sum(z**2 - 10 * (2 * math.pi * z).cos() for z in (x, y))


def _himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


_ALL = [
    Function(
        name="quadratic",
        title="Quadratic of condition number 100",
        formula="(x² + 100 y²) / 2",
        source="Boyd and Vandenberghe, Convex Optimization, Cambridge 2004, section 9.3.2",
        value=_quadratic,
        minima=((0.0, 0.0),),
        start=(-2.0, 0.8),
        iterations=200,
        region=(-2.4, 2.4, -1.2, 1.2),
        note="Plain gradient descent needs a learning rate below 0.02.",
    ),
    Function(
        name="rosenbrock",
        title="Rosenbrock's function",
        formula="(1 - x)² + 100 (y - x²)²",
        source="Rosenbrock, An automatic method for finding the greatest or least value of a "
        "function, The Computer Journal 3, 1960, which starts at (-1.2, 1)",
        value=_rosenbrock,
        minima=((1.0, 1.0),),
        start=(-1.2, 1.0),
        iterations=500,
        region=(-2.0, 2.0, -1.0, 3.0),
    ),
    Function(
        name="beale",
        title="Beale's function",
        formula="(1.5 - x + xy)² + (2.25 - x + xy²)² + (2.625 - x + xy³)²",
        source="Beale, Technical Report 25, Princeton 1958; Moré, Garbow and Hillstrom, Testing "
        "unconstrained optimization software, ACM TOMS 7, 1981, no. 5, which start at (1, 1)",
        value=_beale,
        minima=((3.0, 0.5),),
        start=(1.0, 1.0),
        iterations=500,
        region=(-0.5, 4.5, -2.0, 2.0),
    ),
    Function(
        name="saddle",
        title="Saddle",
        formula="x² - y²",
        source="the hyperbolic paraboloid; see Dauphin et al., Identifying and attacking the "
        "saddle point problem, NeurIPS 2014",
        value=_saddle,
        minima=(),
        start=(-1.0, 0.01),
        iterations=300,
        region=(-1.5, 1.5, -1.5, 1.5),
        log_levels=False,
        note="It has a saddle point at (0, 0) and no minimum: whoever gets past it leaves the "
        "picture.",
    ),
    Function(
        name="rastrigin",
        title="Rastrigin's function",
        formula="20 + x² - 10 cos 2πx + y² - 10 cos 2πy",
        source="Rastrigin, Systems of Extremal Control, Nauka 1974, with two variables",
        value=_rastrigin,
        minima=((0.0, 0.0),),
        start=(-2.3, 3.4),
        iterations=300,
        region=(-5.12, 5.12, -5.12, 5.12),
        log_levels=False,
        note="It has a local minimum near every pair of whole numbers.",
    ),
    Function(
        name="himmelblau",
        title="Himmelblau's function",
        formula="(x² + y - 11)² + (x + y² - 7)²",
        source="Himmelblau, Applied Nonlinear Programming, McGraw-Hill 1972",
        value=_himmelblau,
        minima=(
            (3.0, 2.0),
            (-2.8051180869527448, 3.1313125182505729),
            (-3.7793102533777469, -3.2831859912861694),
            (3.5844283403304918, -1.8481265269644035),
        ),
        start=(0.0, 0.0),
        iterations=300,
        region=(-6.0, 6.0, -6.0, 6.0),
        note="It has four minima of the same value.",
    ),
]

#: The test functions by name.
FUNCTIONS = {function.name: function for function in _ALL}


def find(name):
    """Return the function of a name.

    Raises
    ------
    descent.errors.UsageError
        If there is none.
    """
    if name not in FUNCTIONS:
        raise UsageError(f"{name}: no such test function; choose {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name]
