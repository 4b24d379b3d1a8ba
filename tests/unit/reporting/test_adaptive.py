"""Figures for pages: their colors follow the scheme, and their note is gone."""

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest

from descent.reporting.adaptive import adaptive
from descent.reporting.figures.style import add_note, save, set_style

START = "data:image/svg+xml,"


@pytest.fixture
def written(tmp_path):
    """Write a figure with a note of so many lines, and return its text and that for pages."""

    def write(*note):
        set_style()
        figure, axes = plt.subplots(figsize=(3, 2), layout="constrained")
        axes.plot([1, 2], color="#0173b2", label="a & b")
        axes.set_xlabel("the lowest text that stays: 50 % of \N{GREEK SMALL LETTER ALPHA}")
        if note:
            add_note(figure, *note)
        save(figure, [str(tmp_path / "figure.svg")])
        url = adaptive(tmp_path / "figure.svg")
        assert url.startswith(START) and not set("\"'<>&#\n") & set(url)
        return (tmp_path / "figure.svg").read_text(), unquote(url.removeprefix(START))

    return write


def height(svg):
    return float(ElementTree.fromstring(svg).get("viewBox").split()[3])


def test_text_axes_and_ground_have_a_color_for_each_scheme(written):
    _, page = written()
    css = page[page.index("<style") : page.index("</style>")]
    assert "@media screen and (prefers-color-scheme:dark)" in css
    rest = page.replace(css, "")
    assert set(re.findall("#[0-9a-f]{6}", rest)) == {"#0173b2"}  # of the variant
    used = set(re.findall(r"var\((--c\d)\)", rest))
    assert used and all(css.count(f"{name}:#") == 2 for name in used)
    assert "metadata" not in page and ":ns0" not in page


@pytest.mark.parametrize("note", [["one line"], ["one line", "and another"]])
def test_the_note_is_cut_off_and_nothing_else(written, note):
    original, page = written(*note)
    assert note[0] in original and note[0] not in page
    assert "the lowest text that stays" in page
    lowest = max(float(y) for y in re.findall(r'<text[^>]* y="([\d.]+)"', page))
    assert lowest < height(page) < height(original)


def test_a_figure_without_a_note_keeps_its_size(written):
    original, page = written()
    assert height(page) == height(original)
