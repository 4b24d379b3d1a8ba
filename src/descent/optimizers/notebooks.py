"""Definitions in Jupyter notebooks, read without running a cell.

The Snakefile imports this module at every start, so it must stay light.
"""

import ast
import builtins
import itertools
import json
import re
import symtable

from descent.errors import RuleError

#: Lines are counted per cell: line 3 of the second code cell is 2 * this + 3.
_PER_CELL = 1_000_000

#: What IPython understands and Python does not: magics, shell commands, and questions for help.
_MAGIC = re.compile(r"^\s*[%!].*$|^.*\?\s*$", re.MULTILINE)

#: Cells whose content is Python although their first line is a magic.
_OF_PYTHON = re.compile(r"^%%(time|timeit|capture|prun)\b.*")

_DEFINITIONS = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Pass,
)

#: Blocks that are taken if there is nothing else in them.
_BLOCKS = (ast.If, ast.Try, ast.ExceptHandler, ast.With)


def is_notebook(file):
    """Tell whether a path is that of a notebook."""
    return str(file).endswith(".ipynb")


def place(file, line):
    """Write a place in a file: a line, or a code cell and its line."""
    if not is_notebook(file):
        return f"{file}, line {line}"
    return f"{file}, code cell {line // _PER_CELL}, line {line % _PER_CELL}"


def parse(source):
    """Return the imports, functions, classes and assignments at the top level of all code cells.

    They may be in blocks, such as `try` and `if`, that have nothing else in them. Cells that are
    not Python are left out.

    Parameters
    ----------
    source : bytes
        The notebook.

    Returns
    -------
    ast.Module

    Raises
    ------
    ValueError
        If it is no notebook.
    """
    body = []
    for number, text in enumerate(_code_cells(source), 1):
        try:
            cell = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        ast.increment_lineno(cell, number * _PER_CELL)
        body += filter(_only_defines, cell.body)
    return ast.Module(body, [])


def _only_defines(node):
    if isinstance(node, _BLOCKS):
        lists = [getattr(node, name, []) for name in ("body", "handlers", "orelse", "finalbody")]
        return all(map(_only_defines, itertools.chain.from_iterable(lists)))
    return isinstance(node, _DEFINITIONS)


def _code_cells(source):
    """Return the code of all code cells, with empty lines in place of magics."""
    try:
        cells = json.loads(source)["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("it is no notebook of version 4") from None
    texts = [_OF_PYTHON.sub("", text) for text in texts]
    return ["" if text.startswith("%%") else _MAGIC.sub("", text) for text in texts]


def definitions(source, name):
    """Return what a name needs, transitively, in the order of the notebook.

    Of several definitions of a name the last one counts, and what changes it afterwards: `x += 1`,
    `x[0] = 1`, `x.a = 1`.

    Parameters
    ----------
    source : bytes
    name : str

    Returns
    -------
    ast.Module

    Raises
    ------
    RuleError
        If something that it needs is not defined by an import, a function, a class or an
        assignment.
    """
    body = parse(source).body
    by_name = {}
    for node in body:
        for bound in _binds(node):
            by_name[bound] = [node]
        for changed in _changes(node):
            by_name.setdefault(changed, []).append(node)
    everything = [node for node in body if "*" in _binds(node)]
    wanted, needed = [name], list(everything)
    for each in wanted:  # grows while it is read
        if each not in by_name and not everything and each not in dir(builtins):
            raise RuleError(
                f"{name} needs {each}, which is not defined by an import, a function, a "
                "class or an assignment at the top level of a cell"
            )
        for node in by_name.get(each, ()):
            if node not in needed:
                needed.append(node)
                wanted += _names_in(node)
    return ast.Module(sorted(needed, key=lambda node: node.lineno), [])


def _changes(node):
    """Return the names of existing values that a statement changes."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            root = target
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            is_a_part = root is not target or isinstance(node, ast.AugAssign)
            if is_a_part and isinstance(root, ast.Name):
                yield root.id


def _binds(node):
    """Return the names that a statement binds."""
    if isinstance(node, ast.AugAssign):
        return set()
    if isinstance(node, _BLOCKS):
        parts = [part for part in ast.walk(node) if isinstance(part, (*_DEFINITIONS, ast.withitem))]
        return set().union(*map(_binds, parts))
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return {
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def _names_in(node):
    """List the names that a statement takes from the top level."""
    tables = [symtable.symtable(ast.unparse(node), "<notebook>", "exec")]
    names = []
    for table in tables:  # grows while it is read
        tables += table.get_children()
        names += [
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module")
        ]
    return names
