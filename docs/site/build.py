"""Make the site: `build.py BUILD` writes BUILD/html from the pages that GitHub shows as well.

The pages lie in several folders of the repository. They are copied into one, with the links between
them; a link to any other file leads to its public address. `navigation.yaml` says which pages there
are. The experiments of the gallery and the pages of mistakes have to be in BUILD already. Run by
`make site`.
"""

import posixpath
import re
import shutil
import sys
import tomllib
from pathlib import Path

import yaml
from links import broken_links
from sphinx.cmd.build import main as sphinx

import atlas

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
INDEX, MISTAKES, ATLAS = "docs/site/index.md", "docs/site/mistakes.md", "docs/atlas.md"

#: Only the site has the matrix, which needs JavaScript.
MATRIX = """

```{raw} html
<p><a href="atlas/matrix.html">The matrix of all pairs</a>: a click shows the first steps.</p>
```
"""

#: The pages of mistakes that come first; the others follow by name.
COMMON = ("any_rule", "sgd", "sgd_momentum", "adam", "adamw")

#: Pages that have another name on the site than in the repository.
NAMES = {"README.md": "overview.md", "config/README.md": "experiment.md"}

_LINK = re.compile(r"(?<=\]\()([^)#:\s]+)(#[^)\s]*)?(?=\))")
_FENCE = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)


def navigation():
    """Read the headings; each maps the paths of its pages to their titles, or to None."""
    parts = yaml.safe_load((HERE / "navigation.yaml").read_text())
    return {heading: dict(map(_entry, listed)) for heading, listed in parts.items()}


def _entry(page):
    if isinstance(page, str):
        return page, None
    [(title, page)] = page.items()
    return page, title


def pages():
    """Map the paths of the pages that there are in the repository to their names on the site."""
    listed = [INDEX, *(page for part in navigation().values() for page in part)]
    return {page: site_name(page) for page in listed if (PROJECT / page).exists()}


def site_name(page):
    """Return the name of a page on the site: that of its file, in small letters."""
    return NAMES.get(page, posixpath.basename(page).lower())


def relink(text, page, names, repository):
    """Let the links of a page lead to other pages of the site, or to the public repository.

    Parameters
    ----------
    text : str
        Markdown.
    page : str
        Path of the page in the repository, to which its links are relative.
    names : dict
        As `pages` returns it.
    repository : str
        The public address.

    Returns
    -------
    str
        Links that lead nowhere stay as they are, so that the build names them.
    """

    def target(match):
        file = posixpath.normpath(posixpath.join(posixpath.dirname(page), match[1]))
        anchor = match[2] or ""
        if file in names:
            return names[file] + anchor
        if file.startswith("docs/figures/"):
            return file.removeprefix("docs/")
        if (PROJECT / file).exists():
            kind = "tree" if (PROJECT / file).is_dir() else "blob"
            return f"{repository}/{kind}/main/{file}{anchor}"
        return match[0]

    parts = _FENCE.split(text)
    return "".join(part if _FENCE.fullmatch(part) else _LINK.sub(target, part) for part in parts)


def collect(build, names):
    """Write the pages, and the pictures that they show, into the folder that Sphinx reads."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    repository = project["urls"]["Repository"].rstrip("/").removesuffix(".git")
    rules = sorted(folder.name for folder in (build / "mistakes").iterdir())
    rules.sort(key=lambda rule: COMMON.index(rule) if rule in COMMON else len(COMMON))
    source = build / "source"
    for page, name in names.items():
        text = (PROJECT / page).read_text()
        if name.endswith(".md"):
            text = relink(text, page, names, repository)
        if page == INDEX:
            text += "".join(
                _toctree(_entries(listed, names), ":hidden:", f":caption: {heading}")
                for heading, listed in navigation().items()
            )
        if page == ATLAS:
            title, _, rest = text.partition("\n\n")
            text = title + MATRIX + rest
        if page == MISTAKES:
            text += _toctree([f"mistakes/{rule}/{rule}.md" for rule in rules], ":maxdepth: 1")
        _write(source / name, text)
    shutil.copytree(HERE.parent / "figures", source / "figures", dirs_exist_ok=True)
    shutil.copytree(build / "mistakes", source / "mistakes", dirs_exist_ok=True)


def collect_gallery(build):
    """Put the reports of the gallery beside the pages, and their figures where one shows them."""
    for file in (HERE.parent / "gallery").glob("*.yaml"):
        results = build / "gallery" / "results" / file.stem
        reports = build / "extra" / "gallery" / file.stem
        for folder in ("figures", "tables", "landscapes"):
            if (results / folder).exists():
                shutil.copytree(results / folder, reports / folder, dirs_exist_ok=True)
        for page in ("report.html", "interactive.html"):
            shutil.copy2(results / page, reports)
        pictures = build / "source" / "gallery" / file.stem
        shutil.copytree(
            results / "figures",
            pictures,
            ignore=lambda _, names: [name for name in names if not name.endswith(".png")],
            dirs_exist_ok=True,
        )


def _entries(listed, names):
    return [
        f"{title} <{names[page]}>" if title else names[page]
        for page, title in listed.items()
        if page in names
    ]


def _toctree(entries, *options):
    return "\n".join(["", "```{toctree}", *options, "", *entries, "```", ""])


def _write(file, text):
    """Write a file unless it has this text already: Sphinx reads again what is newer."""
    if not file.exists() or file.read_text() != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def main(build):
    """Build the site and check its links; return an exit code."""
    collect(build, pages())
    collect_gallery(build)
    _write(build / "extra" / "atlas" / "matrix.html", atlas.page())
    extra = f"html_extra_path={(build / 'extra').resolve()}"
    strict = ["-q", "--fail-on-warning", "--keep-going"]
    site = build / "html"
    if code := sphinx([*strict, "-c", str(HERE), "-D", extra, str(build / "source"), str(site)]):
        return code
    problems = broken_links(site)
    for problem in problems:
        print(problem, file=sys.stderr)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
