"""What an SVG figure shows: its texts, bands, lines and crosses."""

import itertools
import re
from xml.etree import ElementTree

import pytest

#: How many variants a figure shows; those between the smallest and the largest are slow tests.
MANY = [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (4, 12)), 24]


def names(n, length):
    """Make names of that many characters, which differ at their ends."""
    return [("a_wide_nameMW_" * length)[: length - 3] + f"_{index:02d}" for index in range(n)]


def assert_room(figure):
    """Check that legend and note are whole and that the axes keep their size."""
    figure.draw_without_rendering()
    whole = figure.bbox
    [legend] = figure.legends
    notes = [figure._supxlabel] if figure.get_supxlabel() else []
    labels = [axes.yaxis.label for axes in figure.axes if axes.get_ylabel()]
    for artist in [legend, *legend.get_texts(), *notes, *labels]:
        box = artist.get_window_extent()
        assert whole.x0 <= box.x0 and box.x1 <= whole.x1
        assert whole.y0 <= box.y0 and box.y1 <= whole.y1
    boxes = [axes.get_window_extent() for axes in figure.axes]
    assert sum(box.width for box in boxes) >= whole.width / 2
    assert all(box.height / figure.dpi > 1 for box in boxes)  # inches
    assert legend.get_window_extent().y0 >= max(box.y1 for box in boxes)


def assert_distinct(lines):
    """Check that no two lines have the same color, dashes and marker."""
    styles = [(line.get_color(), line._dash_pattern, line.get_marker()) for line in lines]
    for first, second in itertools.combinations(map(str, styles), 2):
        assert first != second


def texts(svg):
    """The text elements of an SVG file."""
    return [
        "".join(element.itertext()).strip()
        for element in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def bands(svg):
    """Opacities of the filled areas that are neither the background nor opaque."""
    found = [float(opacity) for opacity in re.findall(r"fill-opacity: ([0-9.]+)", svg.read_text())]
    return [opacity for opacity in found if 0.2 <= opacity < 1]


def lines(svg, width):
    """Count the curves drawn with a line of this width, in points."""
    return len(re.findall(rf'd="M[^"]*" clip-path[^>]*stroke-width: {width}[;"]', svg.read_text()))


def crosses(svg):
    """Positions of the crosses."""
    groups = re.findall(
        r"<use xlink:href=\"#(\w+)\" x=\"([0-9.]+)\" y=\"([0-9.]+)\"", svg.read_text()
    )
    paths = dict(re.findall(r'<path id="(\w+)" d="([^"]*)"', svg.read_text()))
    return [(float(x), float(y)) for name, x, y in groups if paths[name].count("M") == 2]
