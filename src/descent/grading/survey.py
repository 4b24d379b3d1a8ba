"""What the text of a submission tells: read by its syntax tree, in the worker, nothing is run.

The worker does this before it loads any code of the submission, so what it says then is its own. A
file that is too much for Python's parser ends the worker and not the judge.
"""

import ast
import hashlib
from pathlib import Path

from descent.errors import DescentError, SignatureError
from descent.optimizers import notebooks
from descent.optimizers.signatures import check_hyperparameters, check_values

#: Whoever uses these may have let others compute the steps.
_TELLING = ("torch.optim", "descent")

#: Not so: the base class of all optimizers.
_HARMLESS = {"torch.optim.Optimizer", "torch.optim.optimizer.Optimizer"}


def survey(file, rule, settings):
    """Read a submission.

    Parameters
    ----------
    file : str
    rule : str
        Name of the update rule.
    settings : dict
        Hyperparameters.

    Returns
    -------
    dict
        `problem`: why it cannot be checked, or None; `imports`: the modules; `uses`: what it takes
        from torch.optim and this package, with lines; `tree`: the same for two submissions whose
        syntax trees are the same, whatever their comments and layout.
    """
    problem, tree = None, ast.Module([], [])
    try:
        source = Path(file).read_bytes()
        if not source.strip():
            raise SignatureError(f"{file}: the file is empty")
        tree = notebooks.parse(source) if notebooks.is_notebook(file) else ast.parse(source)
        check_hyperparameters(f"{file}:{rule}", settings.keys())
        check_values(f"{file}:{rule}", settings)
    except DescentError as error:
        problem = str(error).removeprefix("optimizer: ")
    except SyntaxError as error:
        problem = f"{file}: line {error.lineno} is not valid Python: {error.msg}"
        if error.lineno is None:  # as with bytes that are no text
            problem = f"{file}: not valid Python: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        problem = f"{file}: cannot be read: {str(error) or type(error).__name__}"
    return {"problem": problem, **_of_tree(tree, file)}


def _of_tree(tree, file):
    names = {}  # what a name stands for, such as optim for torch.optim
    modules = set()
    uses = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                modules.add(alias.name)
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
                _note(uses, alias.name, node, file)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            modules.add(module)
            for alias in node.names:
                names[alias.asname or alias.name] = f"{module}.{alias.name}"
                _note(uses, f"{module}.{alias.name}", node, file)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            _note(uses, _full_name(node, names), node, file)
    dumped = ast.dump(tree) if tree.body else ""
    return {
        "imports": sorted(modules),
        "uses": [f"{name} ({place})" for name, place in sorted(_longest(uses).items())],
        "tree": dumped and hashlib.sha256(dumped.encode()).hexdigest(),
    }


def _full_name(node, names):
    """Write an expression such as `optim.SGD` with what `optim` stands for."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(parts)])


def _note(uses, name, node, file):
    if any(name == each or name.startswith(f"{each}.") for each in _TELLING):
        uses.setdefault(name, notebooks.place(file, node.lineno).removeprefix(f"{file}, "))


def _longest(uses):
    """Leave out what another use begins with: of torch.optim.SGD only that."""
    return {
        name: place
        for name, place in uses.items()
        if name not in _HARMLESS and not any(other.startswith(f"{name}.") for other in uses)
    }
