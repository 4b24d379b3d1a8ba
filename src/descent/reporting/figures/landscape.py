"""The trajectories of update rules on the contours of a test function."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from descent.reporting.figures.style import HALF_PAGE, add_legend, add_note, looks, set_style
from descent.reporting.wording import minus

#: Numbers of the grid on which contours are computed, in each direction.
_GRID = 301

#: The lowest of logarithmic contours, as a share of the highest.
_LOWEST = 1e-4

#: Contours that are spaced logarithmically, and evenly.
_LOGARITHMIC, _EVEN = 12, 8

#: Points that are farther away than so many sizes of the picture are drawn in their direction.
_FAR = 100


def landscape(function, trajectories, members=None):
    """Draw trajectories on the contours of a test function.

    Parameters
    ----------
    function : descent.landscapes.functions.Function
    trajectories : list of descent.landscapes.trajectories.Trajectory
    members : list of str, optional
        See `styles_of`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    set_style()
    styles = styles_of(trajectories, members)
    left, right, bottom, top = function.region
    height = 2 * HALF_PAGE * (top - bottom) / (right - left)
    figure, axes = plt.subplots(figsize=(2 * HALF_PAGE, height), layout="constrained")
    x, y, z, levels = contours(function)
    shades = np.linspace(0.35, 0.8, len(levels))  # dark where the function is low
    axes.contour(x, y, z, levels=levels, colors=[str(shade) for shade in shades], linewidths=0.7)
    for trajectory, style in zip(trajectories, styles, strict=True):
        draw(axes, function, trajectory, style)
    for place in function.minima:
        axes.plot(*place, "*", color="black", markersize=9, markeredgecolor="white", zorder=2.5)
    axes.plot(*trajectories[0].points[0], "o", color="none", markeredgecolor="black", markersize=8)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xlabel="x", ylabel="y")
    add_legend(figure, _handles(function, trajectories, styles))
    spacing = "logarithmically" if function.log_levels else "evenly"
    add_note(figure, f"{function.title}, {minus(function.formula)}; contours are spaced {spacing}")
    return figure


def styles_of(trajectories, members=None):
    """Return the look of each trajectory, see `descent.reporting.figures.style.looks`.

    Parameters
    ----------
    trajectories : list of descent.landscapes.trajectories.Trajectory
    members : list of str, optional
        All variants of the comparison, which have these looks in its other figures.
    """
    if members is None:
        return looks(len(trajectories))
    of_members = dict(zip(members, looks(len(members)), strict=True))
    # what follows the name of a variant says how it is drawn
    return [of_members[each.label.partition(" ")[0]] for each in trajectories]


def contours(function):
    """Compute a function on a grid, and the levels of its contours.

    Returns
    -------
    x, y, z : numpy.ndarray
        (numbers, numbers)
    levels : numpy.ndarray
    """
    left, right, bottom, top = function.region
    x, y = np.meshgrid(np.linspace(left, right, _GRID), np.linspace(bottom, top, _GRID))
    z = function.value(torch.from_numpy(x), torch.from_numpy(y)).numpy()
    if function.log_levels:
        return x, y, z, np.geomspace(_LOWEST * z.max(), z.max(), _LOGARITHMIC + 1)[:-1]
    return x, y, z, np.linspace(z.min(), z.max(), _EVEN + 2)[1:-1]


def contour_lines(function):
    """Return for each level of a function's contours its lines: arrays of (points, 2)."""
    x, y, z, levels = contours(function)
    lines = Figure().add_subplot().contour(x, y, z, levels=levels)
    return [[line for line in parts if len(line) > 1] for parts in lines.allsegs]


def draw(axes, function, trajectory, style):
    """Draw a trajectory, with a mark for every iteration if there is room, and where it ends."""
    points = np.array([pulled_in(point, function.region) for point in trajectory.points])
    marks = max(1, len(points) // 60)
    axes.plot(*points.T, **style, linewidth=1.3, markersize=2.5, markevery=marks, zorder=3)
    end = "X" if trajectory.end else "o"
    look = {"color": style["color"], "markeredgecolor": "white"}
    axes.plot(*points[-1], end, **look, markersize=7, zorder=4)


def pulled_in(point, region):
    """Pull a point that is very far away towards the picture, in its direction.

    Programs that draw cannot handle coordinates such as 1e300.
    """
    left, right, bottom, top = region
    center = ((left + right) / 2, (bottom + top) / 2)
    away = max(abs(p - c) for p, c in zip(point, center, strict=True))
    limit = _FAR * max(right - left, top - bottom)
    if away <= limit:
        return tuple(point)
    return tuple(c + (p - c) / away * limit for p, c in zip(point, center, strict=True))


def _handles(function, trajectories, styles):
    lines = [
        Line2D(
            [], [], **style, markersize=3, label=f"{each.label}: {minus(outcome(function, each))}"
        )
        for each, style in zip(trajectories, styles, strict=True)
    ]
    ring = {"color": "none", "marker": "o", "markeredgecolor": "black", "markersize": 6}
    x, y = trajectories[0].points[0]
    lines.append(Line2D([], [], **ring, label=minus(f"start ({x:g}, {y:g})")))
    if function.minima:
        star = {"color": "black", "marker": "*", "linestyle": "none", "markersize": 7}
        lines.append(
            Line2D([], [], **star, label="minimum" if len(function.minima) == 1 else "minima")
        )
    return lines


def outcome(function, trajectory):
    """Say in a few words where a trajectory ends."""
    told = []
    if left := trajectory.leaves(function):
        told.append(f"leaves the picture in iteration {left}")
    if trajectory.end:
        told.append(trajectory.end)
    else:
        told.append(
            f"f = {trajectory.values[-1]:.3g} after {len(trajectory.points) - 1} iterations"
        )
    return ", ".join(told)
