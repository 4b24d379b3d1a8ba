"""Where a name in a file is defined, read from syntax trees: nothing is imported.

The Snakefile imports this module at every start, so it must stay light.
"""

import ast
import functools
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from descent.errors import SignatureError, did_you_mean
from descent.optimizers import notebooks

_DEFINITION = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Found:
    """What a name stands for.

    Attributes
    ----------
    file : pathlib.Path
        Where it is defined, as far as that is known.
    node : ast.FunctionDef, ast.Lambda, ast.ClassDef or None
        Its definition; None if only running the file can tell.
    given : dict
        The keywords that a partial gives, and the expressions of their values.
    """

    file: Path
    node: ast.AST | None = None
    given: dict = field(default_factory=dict)

    @property
    def of_torch(self):
        """Whether it is defined in torch.optim."""
        return self.file.parts[-3:-1] == ("torch", "optim")


@dataclass(frozen=True)
class _Imported:
    """A module, or what it calls `name`; `level` counts the dots of a relative import."""

    module: str
    name: str | None = None
    level: int = 0


def find(file, name):
    """Find what a name at the top level of a file stands for.

    Other names, imports and partials are followed, into files beside this one and into installed
    packages.

    Parameters
    ----------
    file : pathlib.Path
    name : str

    Returns
    -------
    Found or None
        None if the name is not there.

    Raises
    ------
    SignatureError
        If a file is not valid Python.
    """
    return _find(file, name, frozenset())


def ancestry(found, seen=frozenset()):
    """Yield a class and its bases, nearest first; nothing is known above one without a `node`."""
    yield found
    if isinstance(found.node, ast.ClassDef):
        seen |= {(found.file, found.node.name)}
        for base in found.node.bases:
            yield from ancestry(_follow(found.file, base, seen), seen)


def defined_in(node):
    """Map the names that a file or class binds to what they are in the end; None if unclear."""
    names = {}
    for statement, in_block in _statements(node):
        for name, value in _bound(statement):
            names[name] = None if in_block and name in names else value
    return names


def uses(file, package):
    """Tell whether a file imports a package, or is in it.

    Parameters
    ----------
    file : pathlib.Path
    package : str

    Returns
    -------
    bool
    """
    imported = [value for each, _ in _statements(_parse(file)) for _, value in _bound(each)]
    modules = [each.module for each in imported if isinstance(each, _Imported)]
    return package in file.parts or any(each.partition(".")[0] == package for each in modules)


def explain_missing(file, name):
    """Say where a name is that is not at the top level of a file, or what is there.

    Parameters
    ----------
    file : pathlib.Path
    name : str

    Returns
    -------
    str
    """
    tree = _parse(file)
    for outer in ast.walk(tree):
        if not isinstance(outer, _DEFINITION) and not _is_main(outer):
            continue
        for inner, _ in _statements(outer):
            if isinstance(inner, _DEFINITION) and inner.name == name:
                where = getattr(outer, "name", 'if __name__ == "__main__"')
                return (
                    f"{notebooks.place(file, inner.lineno)}: {name} is defined inside {where}; "
                    "move it to the top level of the file"
                )
    if any(isinstance(each, ast.AsyncFunctionDef) and each.name == name for each in tree.body):
        return f"{file}: {name} is an async function; leave out async"
    names = defined_in(tree)
    here = [key for key, value in names.items() if isinstance(value, _DEFINITION)]
    only = f", only {', '.join(here)}" if here else ""
    return f"{file} has no function or class {name}{only}{did_you_mean(name, list(names))}"


def _parse(file):
    try:
        return _tree(file.read_bytes(), notebooks.is_notebook(file))
    except SyntaxError as error:
        if error.lineno:
            raise SignatureError(
                f"optimizer: {file}, line {error.lineno}: syntax error ({error.msg})"
            ) from None
        problem = error.msg
    except (OSError, ValueError) as error:
        problem = str(error)
    kind = "a notebook" if notebooks.is_notebook(file) else "Python in UTF-8"
    raise SignatureError(f"optimizer: {file}: cannot be read as {kind} ({problem})")


@functools.lru_cache(maxsize=64)  # by content: torch's long files are asked for again and again
def _tree(source, is_notebook):
    return notebooks.parse(source) if is_notebook else ast.parse(source)


def _statements(node, in_block=False):
    """Yield the statements of a file, class or function, and whether each may be left out.

    Blocks are entered, but neither definitions nor what runs only as a script.
    """
    for part in ast.iter_child_nodes(node):
        is_statement = isinstance(part, ast.stmt)
        if is_statement:
            yield part, in_block
        if isinstance(part, _DEFINITION) or _is_main(part):
            continue
        if is_statement or isinstance(part, ast.ExceptHandler | ast.match_case):
            yield from _statements(part, in_block=True)


def _is_main(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def _bound(statement):
    """Yield the names that a statement binds, with definitions, imports or expressions."""
    if isinstance(statement, _DEFINITION):
        yield statement.name, statement
    elif isinstance(statement, ast.Import):
        for alias in statement.names:
            module = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or module, _Imported(module)
    elif isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            imported = _Imported(statement.module or "", alias.name, statement.level)
            yield alias.asname or alias.name, imported
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else statement.targets
        for target in targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    yield part.id, statement.value if part is target else None


def _find(file, name, seen):
    if (file, name) in seen:  # as in `rule = rule`
        return Found(file)
    seen |= {(file, name)}
    tree = _parse(file)
    names = defined_in(tree)
    if name in names:
        return _follow(file, names[name], seen)
    stars = _stars(file, tree)
    for source in filter(None, stars):
        found = _find(source, name, seen)
        if found and found.node:
            return found
    return Found(file) if stars or "__getattr__" in names else None


def _stars(file, tree):
    """List the files of which a file imports all names, the last one first; None if not known."""
    imported = [
        value for each, _ in _statements(tree) for name, value in _bound(each) if name == "*"
    ]
    return [_source(file, each.module, each.level) for each in reversed(imported)]


def names_in(file, seen=frozenset()):
    """Return the names at the top level of a file, with those of files that it imports as a whole.

    Parameters
    ----------
    file : pathlib.Path

    Returns
    -------
    set of str or None
        None if only running the file can tell.
    """
    if file in seen:
        return set()
    tree = _parse(file)
    names = set(defined_in(tree)) - {"*"}
    for other in _stars(file, tree):
        more = names_in(other, seen | {file}) if other else None
        if more is None:
            return None
        names |= more
    return None if "__getattr__" in names else names


def _follow(file, value, seen):
    """Find what a value in a file is."""
    found = None
    match value:
        case ast.FunctionDef() | ast.Lambda() | ast.ClassDef():
            found = Found(file, value)
        case ast.Name(name):
            found = _find(file, name, seen)
        case ast.Attribute():
            found = _follow_attribute(file, value, seen)
        case _Imported(module, str(name), level):
            source = _source(file, module, level)
            found = source and _find(source, name, seen)
        case ast.Call(ast.Name("partial") | ast.Attribute(attr="partial"), [inner], keywords):
            given = {keyword.arg: keyword.value for keyword in keywords}
            if None not in given:  # no **keywords
                found = _follow(file, inner, seen)
                found = replace(found, given=found.given | given)
    return found or Found(file)


def _follow_attribute(file, value, seen):
    """Find `module.name` or `package.module.name`."""
    root, *rest, name = ast.unparse(value).split(".")
    imported = defined_in(_parse(file)).get(root)
    if not isinstance(imported, _Imported):
        return None
    module = ".".join([imported.module, *([imported.name] if imported.name else []), *rest])
    return _follow(file, _Imported(module, name, imported.level), seen)


def _source(file, module, level):
    """Find the file of a module that a file imports; None if it is not written in Python."""
    folder = root = file.resolve().parent
    while (root / "__init__.py").is_file():  # in a package
        root = root.parent
    relative = folder.joinpath(*[".."] * (level - 1))
    for place in [relative] if level else [folder, root, *sys.path]:
        path = Path(place, *module.split("."))
        for source in (path / "__init__.py", path.with_name(f"{path.name}.py")):
            if source.is_file():
                return source
    return None
