"""The trajectory of an update rule on a test function."""

import json
import math
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch

from descent.errors import RuleError, UsageError
from descent.optimizers.spec import split_settings, split_training
from descent.optimizers.variant import regulated
from descent.parity.contender import Contender
from descent.parity.replay import Network

#: How the point may be handed to a rule: as one tensor of either shape. Rules such as Muon take
#: nothing but matrices.
SHAPES = {"vector": (2,), "matrix": (1, 2)}

#: Steps with which a shape is tried.
_TRIAL = 2


@dataclass(frozen=True)
class Trajectory:
    """The way of a rule, up to where it is no longer finite.

    Attributes
    ----------
    label : str
        Whose way it is.
    points : list of tuple of float
        The start, and the point after each iteration.
    values : list of float
        The function at these points.
    end : str
        Why it ends before the last iteration; else empty.
    """

    label: str
    points: list
    values: list
    end: str = ""

    @property
    def lengths(self):
        """The length of each step, that of iteration 1 first."""
        return [math.dist(*pair) for pair in zip(self.points, self.points[1:], strict=False)]

    def leaves(self, function):
        """Return the first iteration after which it is outside of the picture, or None."""
        outside = (k for k, point in enumerate(self.points) if not function.contains(*point))
        return next(outside, None)

    def to_dict(self):
        """Return the trajectory, ready for JSON."""
        return asdict(self)


def read(file):
    """Read a list of trajectories, as written from `Trajectory.to_dict`, from a JSON file."""
    return [Trajectory(**each) for each in json.loads(Path(file).read_text(encoding="utf-8"))]


def load(rule, settings, training=None, form=None, iterations_per_epoch=1):
    """Load an optimizer to be drawn.

    Parameters
    ----------
    rule : str or object
        See `descent.parity.contender.Contender.load`.
    settings : dict
        Its hyperparameters.
    training : dict, optional
        May have `lr_scheduler` and `gradient_clipping`, see `descent.optimizers.variant`.
    form : str, optional
    iterations_per_epoch : int
        Of the schedule.

    Returns
    -------
    descent.parity.contender.Contender

    Raises
    ------
    descent.errors.DescentError
        If it cannot be loaded, or has groups: the point is a single tensor.
    """
    training = training or {}
    if training.get("groups"):
        raise UsageError(
            "groups: cannot be drawn, because the point of a test function is one tensor; leave "
            "them out"
        )
    # what one trajectory keeps outside of its state is not seen by the next
    side = Contender.load(rule, settings, form).apart()
    return replace(side, training=training, iterations_per_epoch=iterations_per_epoch)


def follow_variants(variants, function, epochs=None):
    """Follow the variants of a comparison over a test function.

    Parameters
    ----------
    variants : dict
        Maps each variant to its settings in the configuration. Groups are left out, and the label
        says so: the point is one tensor.
    function : descent.landscapes.functions.Function
    epochs : int, optional
        Of training: that many epochs of a schedule go into the iterations of the function.

    Returns
    -------
    list of Trajectory

    Raises
    ------
    descent.errors.RuleError
        See `follow`.
    """
    per_epoch = max(1, round(function.iterations / (epochs or 1)))
    sides = {}
    for variant, settings in variants.items():
        training = split_training(settings)[1]
        label = f"{variant} (without its groups)" if training.pop("groups", None) else variant
        sides[label] = load(*split_settings(settings), training, None, per_epoch)
    return follow(sides, function)


def follow(sides, function, start=None, iterations=None):
    """Follow optimizers over a test function, in float64, all with a point of the same shape.

    Parameters
    ----------
    sides : dict
        Maps labels to what `load` returns.
    function : descent.landscapes.functions.Function
    start : tuple of float, optional
    iterations : int, optional

    Returns
    -------
    list of Trajectory
        In the order of `sides`. Random numbers of torch are drawn from seed 0 in each.

    Raises
    ------
    descent.errors.RuleError
        If a rule takes the point in neither shape.
    """
    start = function.start if start is None else start
    iterations = function.iterations if iterations is None else iterations
    shape = _shape(sides.values(), function, start)
    return [
        _follow(label, side, function, start, iterations, shape) for label, side in sides.items()
    ]


def _shape(sides, function, start):
    """Find the shape of the point that every rule takes."""
    refusals = {}
    for name, shape in SHAPES.items():
        for side in sides:
            walk = _walk(side, function, start, shape)
            try:
                for _ in range(_TRIAL):
                    next(walk)
            except Exception as error:  # a user's rule, or any package's class, may raise anything
                refusals.setdefault(side.name, (name, error))
                break
        else:
            return shape
    name, (kind, reason) = next(iter(refusals.items()))
    said = _in_a_line(reason)
    if len(refusals) > 1:
        others = f"one needs the point as a {kind}, the other does not take that"
        raise RuleError(f"{' and '.join(refusals)} cannot be drawn together: {others}: {said}")
    blamed = "" if said.startswith(name) else f"{name}: "
    raise RuleError(f"{blamed}cannot be drawn: {said.removeprefix(f'{name}: ')}")


def _follow(label, side, function, start, iterations, shape):
    points, values, end = [tuple(map(float, start))], [], ""
    values.append(float(function.value(*torch.tensor(start, dtype=torch.float64))))
    walk = _walk(side, function, start, shape)
    for iteration in range(1, iterations + 1):
        try:
            x, y, value = next(walk)
        except Exception as error:  # see `_shape`
            end = f"raises an error in iteration {iteration}: {_in_a_line(error)}"
            break
        if not all(map(math.isfinite, (x, y, value))):
            end = f"not finite from iteration {iteration} on"
            break
        points.append((x, y))
        values.append(value)
    return Trajectory(label, points, values, end)


def _walk(side, function, start, shape):
    """Yield the point after every iteration, and the function there."""
    initial = torch.tensor(start, dtype=torch.float64).reshape(1, *shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        random = torch.get_rng_state()
        network = Network([initial], partial(_bind, side), torch.float64)
    [point] = network.trained
    while True:
        with torch.enable_grad():
            value = function.value(*point.reshape(2))
            gradients = torch.autograd.grad(value, [point])
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(random)
            network.step(list(gradients), {})
            random = torch.get_rng_state()
        x, y = network.values[0].reshape(2)
        yield x.item(), y.item(), function.value(x, y).item()


def _bind(side, parameters):
    return regulated(side.make(parameters), side.training, side.iterations_per_epoch, side.name)


def _in_a_line(error):
    message = " ".join(str(error).split())
    if isinstance(error, RuleError):
        return message
    return f"{type(error).__name__}: {message}".removesuffix(": ")
