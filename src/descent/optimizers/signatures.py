"""The hyperparameters of an optimizer, read from its source without importing it.

Importing torch takes seconds, and the configuration is checked every time Snakemake starts.
"""

import ast
import difflib
import functools
import importlib.util
from pathlib import Path

from descent.errors import SignatureError
from descent.optimizers.spec import SCRATCH, parse

#: Classes of torch.optim that cannot be used, and why.
_UNSUITABLE = {"LBFGS": "its step needs a closure", "SparseAdam": "it needs sparse gradients"}

# Rejected keywords: fused kernels round differently when parameters are stacked over seeds,
# and differentiable steps cannot update parameters in place.
_REFUSED = {"fused", "differentiable"}


def check_hyperparameters(optimizer, given):
    """Check hyperparameter names against the signature of an optimizer.

    Parameters
    ----------
    optimizer : str
        `scratch.<rule>`, `torch.optim.<Class>` or `<file>:<rule or class>`.
    given : set of str
        Names of the given hyperparameters.

    Raises
    ------
    SignatureError
        If the optimizer is unknown, does not take a given hyperparameter, or needs a missing one.
    """
    required, optional, takes_others, _ = _signature(optimizer)
    takes = ", ".join([*required, *optional]) or "none"
    for name in sorted(given - {*required, *optional}):
        if not takes_others:
            raise SignatureError(f"{name}: {optimizer} takes no {name} here; it takes {takes}")
    for name in required:
        if name not in given:
            raise SignatureError(f"{name}: missing; {optimizer} needs {', '.join(required)}")


def list_hyperparameters(optimizer):
    """Name an optimizer's hyperparameters whose default is written as a tuple or list.

    Parameters
    ----------
    optimizer : str
        As in `check_hyperparameters`, and valid.

    Returns
    -------
    set of str
    """
    return _signature(optimizer)[3]


def _signature(optimizer):
    """Read which hyperparameters an optimizer takes.

    Returns the required and the optional ones, whether it takes any others, and which ones have a
    tuple or list as their default.
    """
    spec = parse(optimizer)
    name = spec.name
    if spec.file:
        return _user_signature(Path(spec.file), name)
    if spec.kind == "scratch" and name in _scratch_rules():
        return _file_signature(SCRATCH / f"{name}.py", name, ast.FunctionDef)
    if spec.kind == "torch.optim":
        if name in _UNSUITABLE:
            raise SignatureError(f"optimizer: {optimizer} cannot be used: {_UNSUITABLE[name]}")
        if torch_file := _torch_file(name):
            return _torch_signature(torch_file, name)
    if name == "py":
        raise SignatureError(
            f"optimizer: {optimizer} does not name a rule; add its name, as in {optimizer}:momentum"
        )
    rules = _scratch_rules()
    close = difflib.get_close_matches(optimizer, [f"scratch.{rule}" for rule in rules], n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise SignatureError(
        f"optimizer: {optimizer} is unknown; {hint}Allowed: torch.optim.<Class>, <file>.py:<rule>, "
        f"or scratch.<rule> with {', '.join(rules)}"
    )


def _user_signature(file, name):
    if not file.is_file():
        raise SignatureError(
            f"optimizer: {file}: no such file; the path is relative to the folder in which you run "
            "the command"
        )
    if set("{}") & set(str(file)):
        raise SignatureError(
            f"optimizer: {file}: Snakemake takes braces in a path for wildcards; rename it"
        )
    return _file_signature(file, name, ast.FunctionDef | ast.ClassDef)


def _torch_signature(file, name):
    required, optional, _, lists = _file_signature(file, name, ast.ClassDef)
    return required, [item for item in optional if item not in _REFUSED], False, lists


def _file_signature(file, name, kind):
    """Read the signature of a rule or class that is defined at the top level of a file."""
    definition = _definition(file, name, kind)
    if definition is None:
        raise SignatureError(f"optimizer: {file} has no function or class {name}")
    if isinstance(definition, ast.FunctionDef):
        if len(_positional(definition)) < 3:
            raise SignatureError(
                f"optimizer: {file}, line {definition.lineno}: {name} must begin with "
                "(parameters, gradients, state)"
            )
        return _arguments(definition, after=3)
    for part in definition.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            return _arguments(part, after=2)
    for base in map(_last_name, definition.bases):
        if base != name and _definition(file, base, ast.ClassDef):
            return _file_signature(file, base, ast.ClassDef)
        if torch_file := _torch_file(base):
            return _torch_signature(torch_file, base)
    raise SignatureError(
        f"optimizer: {file}, line {definition.lineno}: {name} needs "
        "__init__(self, params, <hyperparameters>)"
    )


def _scratch_rules():
    return sorted(file.stem for file in SCRATCH.glob("[!_]*.py"))


def _torch_file(name):
    """Find the file that defines a torch optimizer class; None if there is none."""
    torch = importlib.util.find_spec("torch")
    if torch is None:
        raise SignatureError(
            "optimizer: hyperparameters are checked against torch, which is not installed here; "
            "install it beside Snakemake, for example with make setup"
        )
    return _optimizer_file(Path(torch.submodule_search_locations[0], "optim"), name)


@functools.cache  # torch's files stay as they are, and there are many to look through
def _optimizer_file(folder, name):
    for file in sorted(folder.glob("*.py")):
        definition = _definition(file, name, ast.ClassDef)
        bases = map(_last_name, definition.bases) if definition else []
        if any(base == "Optimizer" or _optimizer_file(folder, base) for base in bases):
            return file
    return None


def _last_name(base):
    return ast.unparse(base).rpartition(".")[2]


def _definition(file, name, kind):
    source = file.read_bytes()
    if name.encode() not in source:
        return None
    try:
        found = (part for part in ast.parse(source).body if isinstance(part, kind))
    except SyntaxError as error:
        raise SignatureError(
            f"optimizer: {file}, line {error.lineno}: syntax error ({error.msg})"
        ) from None
    return next((part for part in found if part.name == name), None)


def _positional(function):
    return [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]


def _arguments(function, after):
    """Split the arguments after the first `after` ones into required and optional.

    The third item returned says whether the function takes any others, as `**options`; the fourth
    names those whose default is written as a tuple or list.
    """
    arguments = function.args
    positional = _positional(function)
    first_default = len(positional) - len(arguments.defaults)
    keyword = list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    required = positional[after:first_default]
    required += [argument.arg for argument, default in keyword if default is None]
    optional = positional[max(after, first_default) :]
    optional += [argument.arg for argument, default in keyword if default is not None]
    defaults = [*zip(positional[first_default:], arguments.defaults, strict=True)]
    defaults += [(argument.arg, default) for argument, default in keyword]
    lists = {name for name, default in defaults if isinstance(default, ast.Tuple | ast.List)}
    return required, optional, arguments.kwarg is not None, lists
