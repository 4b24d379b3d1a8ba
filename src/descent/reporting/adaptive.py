"""Figures in a page: SVG whose colors follow the page's scheme, without the note below the axes.

The page itself says what the note of a figure says.
"""

from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from descent.reporting.wording import NOTE

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_SAFE = " :/=;,()@!*+?"  # what need not be escaped in a data URL in an attribute

#: For each color of text, axes and ground in `descent.reporting.figures.style`, the one on dark
#: pages. Those of variants are legible on both.
_IN_THE_DARK = {"#262626": "#e4e8ed", "#666666": "#a3aebb", "#ffffff": "#1e242b"}


def adaptive(file):
    """Encode a figure of `descent.reporting.figures` as a data URL for the `src` of an image.

    Parameters
    ----------
    file : path
        SVG, as written by `descent.reporting.figures.style.save`.

    Returns
    -------
    str
        Without the metadata of the file, and without its note, for which it is less high.
    """
    return adapt(Path(file).read_text(encoding="utf-8"))


def adapt(svg):
    """Do the same for the text of such a file."""
    for prefix, name in (("", _SVG), ("xlink", _XLINK)):
        ElementTree.register_namespace(prefix, name)
    root = ElementTree.fromstring(svg)
    root.remove(root.find(f"{{{_SVG}}}metadata"))
    _cut_note(root)
    text = ElementTree.tostring(root, encoding="unicode")
    variables, dark = [], []
    for index, (color, other) in enumerate(_IN_THE_DARK.items()):
        text = text.replace(color, f"var(--c{index})")
        variables.append(f"--c{index}:{color}")
        dark.append(f"--c{index}:{other}")
    rules = (
        f"svg{{{';'.join(variables)}}}"
        f"@media screen and (prefers-color-scheme:dark){{svg{{{';'.join(dark)}}}}}"
    )
    text = text.replace("</style>", f"{rules}</style>", 1).replace("\n", " ")
    return f"data:image/svg+xml,{quote(text, safe=_SAFE)}"


def _cut_note(root):
    """Remove the note, the lowest part of a figure, and the room that it takes."""
    parents = {child: parent for parent in root.iter() for child in parent}
    note = next((group for group in root.iter() if group.get("id") == NOTE), None)
    if note is None:
        return
    first = next(note.iter(f"{{{_SVG}}}text"))
    size = float(first.get("style").partition("font-size: ")[2].partition("px")[0])
    place = first.get("y") or first.get("transform").partition(" ")[2].rstrip(")")
    height = float(place) - 1.2 * size
    parents[note].remove(note)
    width = root.get("viewBox").split()[2]
    root.set("viewBox", f"0 0 {width} {height:g}")
    root.set("height", f"{height:g}pt")
