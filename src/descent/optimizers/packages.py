"""Optimizers in installed packages: where their source is, and of which version.

Nothing is imported: some packages take many seconds. The Snakefile imports this module at every
start, so it must stay light.
"""

import ast
import difflib
import functools
import importlib.util
import re
import sys
from importlib import metadata
from pathlib import Path

from descent.errors import MissingPackageError, SignatureError
from descent.optimizers.notebooks import is_notebook, parse
from descent.optimizers.spec import parse as parse_name

#: Packages whose distribution has another name, so that a message can say what to install.
_DISTRIBUTIONS = {"optimi": "torch-optimi"}

#: Packages that compute the steps of others.
_BELOW = {"optax": ("jax", "jaxlib")}

#: What every result depends on, in the provenance of each.
_ALWAYS = {"torch", "descent", *sys.stdlib_module_names}


def misspelt(optimizer):
    """Say what is wrong with a name that is meant for an optimizer in a package.

    Parameters
    ----------
    optimizer : str

    Returns
    -------
    str or None
        None if nothing is, or if it is the name of something else.
    """
    place, colon, name = optimizer.rpartition(":")
    if not colon:
        module, _, name = optimizer.rpartition(".")
        root = module.partition(".")[0]
        is_package = root.isidentifier() and root not in {"scratch", *_ALWAYS} and _spec(root)
        return f"optimizer: {optimizer}: did you mean {module}:{name}?" if is_package else None
    if set("/\\") & set(place) or Path(place).suffix in (".py", ".ipynb") or Path(place).exists():
        return None  # a path
    if all(map(str.isidentifier, [*place.split("."), name])):
        return None
    return (
        f"optimizer: {optimizer} is no name of an optimizer; write <package>.<module>:<Class> with "
        "one colon, as in timm.optim:Adan"
    )


def source_of(module):
    """Find the file of a module in an installed package.

    Parameters
    ----------
    module : str
        Such as `timm.optim`.

    Returns
    -------
    pathlib.Path or None
        None if it is not written in Python.

    Raises
    ------
    SignatureError
        If it is not installed.
    """
    root, *rest = module.split(".")
    spec = _spec(root)
    if spec is None:
        if Path(f"{module.replace('.', '/')}.py").is_file():
            file = f"{module.replace('.', '/')}.py"
            raise SignatureError(f"optimizer: {module} is no package; did you mean {file}?")
        raise MissingPackageError(root, _DISTRIBUTIONS.get(root, root))
    places = [Path(place) for place in spec.submodule_search_locations or ()]
    if not rest:
        return _python(spec.origin)
    for depth, name in enumerate(rest, start=1):
        found = [place / name for place in places]
        files = [file for place in found for file in _files(place) if file.is_file()]
        if depth == len(rest) and files:
            return _python(files[0])
        if not any(place.is_dir() for place in found):
            here = ".".join([root, *rest[: depth - 1]])
            close = difflib.get_close_matches(name, _modules(places), n=1)
            hint = f"; did you mean {here}.{close[0]}?" if close else ""
            raise SignatureError(f"optimizer: {here} has no module {name}{hint}")
        places = found
    return None  # a folder without __init__.py


def _spec(root):
    """Find a package; only the root of a name: for others, Python imports the packages around."""
    try:
        return importlib.util.find_spec(root)
    except (ImportError, ValueError):
        return None


def _files(place):
    yield place / "__init__.py"
    yield place.with_name(f"{place.name}.py")
    yield from place.parent.glob(f"{place.name}.*.so")


def _python(origin):
    return Path(origin) if origin and str(origin).endswith(".py") else None


def _modules(places):
    return [child.stem for place in places if place.is_dir() for child in place.iterdir()]


def versions(optimizer):
    """Return the versions of the packages that an optimizer comes from, or its file imports.

    Parameters
    ----------
    optimizer : str

    Returns
    -------
    dict
        Maps the name of each distribution to its version; without torch, and without what is not
        installed.
    """
    spec = parse_name(optimizer)
    roots = {spec.module.partition(".")[0]} if spec.module else set()
    if spec.file and Path(spec.file).is_file():
        file = Path(spec.file)
        beside = {each.stem for each in file.resolve().parent.iterdir()}
        roots = _imported(file) - beside
    roots |= {below for root in roots for below in _BELOW.get(root, ())}
    found = {}
    for root in roots - _ALWAYS:
        found |= _distributions(root)
    return dict(sorted(found.items()))


def package_provenance(optimizer):
    """Return a dict with the versions, `packages`, and what Keras computes with; empty if none."""
    found = versions(optimizer)
    backend = {"keras_backend": "torch"} if "keras" in found else {}  # see `adapters.keras_`
    return {"packages": found, **backend} if found else {}


def _imported(file):
    """Name the packages that a file imports, anywhere in it."""
    try:
        source = file.read_bytes()
        tree = parse(source) if is_notebook(file) else ast.parse(source)
    except (OSError, SyntaxError, ValueError):
        return set()  # whoever loads it says so
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@functools.cache
def _distributions(root):
    """Map the distributions that install a package to their versions."""
    try:
        return {root: metadata.version(root)}  # the common case, and the quick one
    except metadata.PackageNotFoundError:
        pass
    spec = _spec(root)
    if spec is None or not spec.origin:
        return {}
    # importlib.metadata.packages_distributions takes seconds
    folder = Path(spec.origin).parents[bool(spec.submodule_search_locations)]
    owners = [
        metadata.Distribution.at(info)
        for info in folder.glob("*.dist-info")
        if _installs(info / "RECORD", root)
    ]
    return {owner.name: owner.version for owner in owners}


def _installs(record, root):
    """Tell whether a distribution's list of files has a package, or a module of one file."""
    try:
        text = record.read_text(encoding="utf-8")
    except OSError:
        return False
    return re.search(rf"^{re.escape(root)}[/.]", text, re.MULTILINE) is not None
