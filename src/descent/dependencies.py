"""Which files of the library a result depends on, read from the imports in the syntax tree.

When one of them changes, Snakemake reruns whatever depends on it. The Snakefile imports this module
at every start, so it must stay light.
"""

import ast
import functools
from pathlib import Path

LIBRARY = Path(__file__).parent

#: What no result depends on: public names, messages of errors, the log of a job and its process.
NEUTRAL = ("__init__.py", "errors.py", "jobs.py", "process.py")


def sources(*files):
    """Find the library's files that some files import, directly or through others.

    An import inside a function counts like any other. Modules imported by a name computed at run
    time, the included update rules, are not found; pass them as `files`.

    Parameters
    ----------
    *files : path
        Python files, in the library or outside it.

    Returns
    -------
    list of pathlib.Path
        Sorted; with those of `files` that are in the library, without `NEUTRAL` modules and
        packages that hold only a docstring.
    """
    neutral = {LIBRARY / name for name in NEUTRAL}
    found, waiting = set(), [Path(file) for file in files]
    while waiting:
        file = waiting.pop()
        if file in found or file in neutral:
            continue
        found.add(file)
        waiting += _imported(file)
    return sorted(file for file in found if file.is_relative_to(LIBRARY) and _has_code(file))


@functools.cache
def _parse(file):
    return ast.parse(file.read_bytes(), str(file))


@functools.cache
def _imported(file):
    """List the library's files that a file imports itself."""
    names = set()
    for node in _statements(_parse(file)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            # `from descent.data import idx` names a module, `from descent.model import names` a
            # function: only files that exist are kept.
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return sorted({file for name in names for file in _files(name)})


def _statements(node):
    """Yield the statements inside a node; not expressions, which are many and hold no import."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for child in getattr(node, field, ()):
            yield child
            yield from _statements(child)


def _files(name):
    """List the files of a module and of the packages around it; none if it is not the library's."""
    root, *parts = name.split(".")
    if root != LIBRARY.name:
        return []
    folders = [LIBRARY.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]
    candidates = [folder / "__init__.py" for folder in folders] + [folders[-1].with_suffix(".py")]
    return [file for file in candidates if file.is_file()]


def _has_code(file):
    """Tell whether a file holds more than a docstring."""
    body = _parse(file).body
    return not (len(body) <= 1 and all(isinstance(node, ast.Expr) for node in body))
