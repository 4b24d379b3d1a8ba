"""The fenced blocks of a page of documentation, and the output that they show.

The language of a block says what it is, and a comment in the line before says what a test leaves
out, with the reason:

- `sh`: commands, which are run; `<!-- not run: needs a cluster -->` before it: they are not.
- `text`: what the commands, or the Python code, of the block before it print. They may fail. A line
  `...` stands for any lines. `<!-- not compared: Slurm prints this -->`: it is not compared.
- `python`, `yaml`: a file, if the first line is a comment that names one; otherwise an excerpt. An
  excerpt in Python is run if its output is shown.
"""

import re
from dataclasses import dataclass

LANGUAGES = {"sh", "text", "python", "yaml", "csv"}

_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<marker>not [^\n]*) -->\n)?"
    r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_VARYING = {
    r"\b\d[\d.]* (?:s|seconds|minutes)\b": "# s",  # times
    r"(?m)^\[\w{3} \w{3} +\d.*\]$": "[date]",
    r"[\d.e+-]+ x|seed \d+|\d+ iterations, ": "#",  # CPUs round differently
    r"(?<=\| )\d+\.\d+ *": "# ",  # in tables, too
    r"\b\d+\.\d\d(?= %| to |  )|(?<= to )\d+\.\d\d": "#",  # also that of the terminal
    r"[ -]*\n": "\n",
}


@dataclass
class Block:
    """A fenced block: its language, the marker before it, its text, and the output shown for it."""

    language: str
    marker: str
    text: str
    output: str | None = None


def blocks(page):
    """List the blocks of a page; those of output are with the block whose output they are.

    Raises
    ------
    AssertionError
        If a fence is not as this module says.
    """
    found = []
    for fence in _BLOCK.finditer(page):
        indent, language = fence["indent"], fence["info"]
        if language.startswith("{"):  # a directive of the site
            continue
        text = re.sub(rf"(?m)^{indent}", "", fence["text"])
        block = Block(language, fence["marker"] or "", text)
        assert language in LANGUAGES, f"not a language that renderers know: {language!r}\n{text}"
        if language != "text":
            found.append(block)
            assert re.fullmatch(r"(not run: \w.+)?", block.marker), f"{block.marker}\n{text}"
        elif not block.marker:
            assert found and found[-1].language in ("sh", "python"), f"whose output is it?\n{text}"
            assert found[-1].output is None and not found[-1].marker, f"never compared:\n{text}"
            found[-1].output = text
        else:
            assert re.fullmatch(r"not compared: \w.+", block.marker), f"{block.marker}\n{text}"
    return found


def matches(shown, printed, folder=None):
    """Say whether a page shows what was printed, but for times, roundings and the folder."""
    if folder:
        printed = printed.replace(f"{folder}/", "").replace(str(folder), ".")
    parts = re.split(r"(?m)^\.\.\.\n", _comparable(shown))
    pattern = r"(?:.*\n)*".join(map(re.escape, parts))
    return re.fullmatch(pattern, _comparable(printed)) is not None


def _comparable(text):
    text = f"{text.strip()}\n"
    for pattern, mask in _VARYING.items():
        text = re.sub(pattern, mask, text)
    return text
