"""The page on which trajectories move over the contours of a test function."""

from itertools import pairwise

from matplotlib.colors import to_hex
from matplotlib.ticker import MaxNLocator

from descent.parity.verdict import CONSTANT, DIFFERENT, SENTENCES, overall
from descent.reporting.figures.landscape import contour_lines, outcome, styles_of
from descent.reporting.figures.style import dashes
from descent.reporting.rendering import render
from descent.reporting.wording import minus

#: Width of a picture in units of the page's SVG.
WIDTH = 600

#: Steps differ if they are farther apart than this share of the larger one: more than rounding, as
#: long as the trajectories have not grown apart.
_APART = 1e-6


def landscape_page(function, trajectories, *, title, told=(), members=None):
    """Write a page with trajectories that can be played, stepped through and read.

    Parameters
    ----------
    function : descent.landscapes.functions.Function
    trajectories : list of descent.landscapes.trajectories.Trajectory
        The reference last, if there is one.
    title : str
    told : list of tuple of str
        What is known of the rules: pairs of a kind, see the template, and a text.
    members : list of str, optional
        See `descent.reporting.figures.landscape.styles_of`.

    Returns
    -------
    str
        HTML, which needs no network.
    """
    styles = styles_of(trajectories, members)
    left, right, bottom, top = function.region
    scale = WIDTH / (right - left)

    def place(point):
        return f"{scale * (point[0] - left):.1f} {scale * (top - point[1]):.1f}"

    return render(
        "landscape.html.jinja",
        title=title,
        function=function,
        formula=minus(function.formula),
        told=told,
        contours=[
            "".join(f"M{'L'.join(map(place, line))}" for line in lines)
            for lines in contour_lines(function)
        ],
        outcomes=[minus(outcome(function, each)) for each in trajectories],
        drawn={
            "region": function.region,
            "width": WIDTH,
            "height": round(scale * (top - bottom), 1),
            "minima": function.minima,
            "ticks": {"x": _ticks(left, right), "y": _ticks(bottom, top)},
            "trajectories": [
                _numbers(each, style) for each, style in zip(trajectories, styles, strict=True)
            ],
        },
    )


def _ticks(low, high):
    return [
        [float(tick), minus(f"{tick:g}")]
        for tick in MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high)
        if low <= tick <= high
    ]


def _numbers(trajectory, style):
    """Return a trajectory as the page's script wants it, with 10 digits."""
    numbers = zip(trajectory.points, trajectory.values, [0, *trajectory.lengths], strict=True)
    return {
        "label": trajectory.label,
        "end": trajectory.end,
        "color": to_hex(style["color"]),
        "dashes": dashes(style["linestyle"], 3),
        "steps": [
            [float(f"{number:.10g}") for number in (*point, value, length)]
            for point, value, length in numbers
        ],
    }


def verdict_of(report):
    """Say what a check found, for `landscape_page`.

    Parameters
    ----------
    report : descent.parity.report.Report

    Returns
    -------
    list of tuple of str
    """
    kind = "same" if report.passed else "different"
    told = [(kind, SENTENCES[report.verdict].format(against=report.against))]
    return told + [("hint", hint) for hint in report.hints]


def verdicts_of(parity):
    """Say what the workflow found of a comparison's variants, for `landscape_page`.

    Parameters
    ----------
    parity : pandas.DataFrame
        The rows of a comparison, see `descent.parity.verdict.parity`; none if it has no reference.

    Returns
    -------
    list of tuple of str
    """
    told, kinds = [], []
    for variant, rows in parity.groupby("variant", sort=False):
        verdict = overall(rows["verdict"])
        kinds.append("different" if verdict in (CONSTANT, DIFFERENT) else "same")
        sentence = SENTENCES[verdict].format(against=rows["reference"].iloc[0])
        told.append((kinds[-1], f"{variant}: {sentence[0].lower()}{sentence[1:]}"))
        told += [("hint", hint) for hint in rows["hint"].dropna().unique()]
    if "different" in kinds:  # the box has the color of its first line
        told[0] = ("different", told[0][1])
    return told


def first_difference(ours, theirs):
    """Say where two trajectories begin to differ, and by how much.

    Parameters
    ----------
    ours, theirs : descent.landscapes.trajectories.Trajectory
        With the same start.

    Returns
    -------
    str
        A sentence with the lengths of both steps.
    """
    pairs = zip(_steps(ours), _steps(theirs), strict=False)
    apart = (index for index, pair in enumerate(pairs) if _are_apart(*pair))
    index = next(apart, None)
    if index is None:
        shorter, longer = sorted((ours, theirs), key=lambda each: len(each.points))
        same = f"The steps of {ours.label} and {theirs.label} are the same here"
        if len(shorter.points) == len(longer.points):
            return f"{same}."
        return f"{same} until {shorter.label} {_verb(shorter.end)}."
    length, right = ours.lengths[index], theirs.lengths[index]
    text = (
        f"The step of iteration {index + 1} is the first that differs here: that of {ours.label} "
        f"is {length:.3g} long, that of {theirs.label} {right:.3g}"
    )
    if right and abs(length / right - 1) > 1e-3:
        return f"{text}, a ratio of {length / right:.3g}."
    return f"{text}; its direction is another." if right else f"{text}."


def _are_apart(one, other):
    away = max(abs(p - q) for p, q in zip(one, other, strict=True))
    return away > _APART * max(map(abs, (*one, *other)))


def _verb(end):
    return f"is {end}" if end.startswith("not finite") else end


def _steps(trajectory):
    points = trajectory.points
    return [(x - x0, y - y0) for (x0, y0), (x, y) in pairwise(points)]
