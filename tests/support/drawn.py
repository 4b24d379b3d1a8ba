"""What an SVG figure shows: its texts, bands, lines and crosses."""

import re
from xml.etree import ElementTree


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
