"""The hyperparameters of an optimizer, read from its source without importing it.

Importing torch takes seconds, and the configuration is checked at every start of Snakemake.
"""

import ast
import importlib.util
from pathlib import Path

SCRATCH = Path(__file__).parent / "optimizers"

#: Classes of torch.optim that cannot train a stack of seeds with dense gradients, and why.
_UNSUITABLE = {
    "LBFGS": "its step needs a closure",
    "SparseAdam": "it needs sparse gradients",
    "Muon": "it is not element-wise, and would mix the seeds that train together",
    "Adafactor": "it is not element-wise, and would mix the seeds that train together",
}

# Keywords that are refused: fused kernels round differently when parameters are stacked over seeds,
# and differentiable steps cannot update parameters in place.
_REFUSED = {"fused", "differentiable"}


class SignatureError(ValueError):
    """The optimizer or a hyperparameter does not exist; the message begins with the key."""


def check_hyperparameters(optimizer, given):
    """Check the names of hyperparameters against the signature of an optimizer.

    Parameters
    ----------
    optimizer : str
        `scratch.<rule>` or `torch.optim.<Class>`.
    given : set of str
        Names of the given hyperparameters.

    Raises
    ------
    SignatureError
        If the optimizer is unknown, does not take a given hyperparameter, or needs another one.
    """
    required, optional = _signature(optimizer)
    takes = ", ".join([*required, *optional])
    for name in sorted(given - {*required, *optional}):
        raise SignatureError(f"{name}: {optimizer} takes no {name} here; it takes {takes}")
    for name in required:
        if name not in given:
            raise SignatureError(f"{name}: missing; {optimizer} needs {', '.join(required)}")


def _signature(optimizer):
    """Return the names of the required and of the optional hyperparameters, in order."""
    kind, _, name = optimizer.rpartition(".")
    if kind == "scratch":
        file, known = SCRATCH / f"{name}.py", _scratch_rules()
        if name in known:
            rule = _definition(file, name, ast.FunctionDef)
            if rule is None:
                raise SignatureError(f"optimizer: {file} has no function {name}")
            return _arguments(rule, after=3)
    elif kind == "torch.optim" and name in _UNSUITABLE:
        raise SignatureError(f"optimizer: {optimizer} cannot be used: {_UNSUITABLE[name]}")
    elif kind == "torch.optim":
        for file in sorted(_torch_optim().glob("[!_]*.py")):
            definition = _definition(file, name, ast.ClassDef)
            if definition and any(ast.unparse(base) == "Optimizer" for base in definition.bases):
                init = next(part for part in definition.body if _is_init(part))
                required, optional = _arguments(init, after=2)
                return required, [item for item in optional if item not in _REFUSED]
    rules = ", ".join(f"scratch.{rule}" for rule in _scratch_rules())
    raise SignatureError(
        f"optimizer: {optimizer} is unknown; allowed: {rules}, or torch.optim.<Class>"
    )


def _scratch_rules():
    return sorted(file.stem for file in SCRATCH.glob("[!_]*.py"))


def _torch_optim():
    torch = importlib.util.find_spec("torch")
    return Path(torch.submodule_search_locations[0]) / "optim"


def _definition(file, name, kind):
    source = file.read_text(encoding="utf-8")
    if name not in source:
        return None
    try:
        found = (part for part in ast.parse(source).body if isinstance(part, kind))
    except SyntaxError as error:
        raise SignatureError(
            f"optimizer: {file}, line {error.lineno}: syntax error ({error.msg})"
        ) from None
    return next((part for part in found if part.name == name), None)


def _is_init(part):
    return isinstance(part, ast.FunctionDef) and part.name == "__init__"


def _arguments(function, after):
    """Split the arguments behind the first `after` ones into required and optional."""
    arguments = function.args
    positional = [argument.arg for argument in arguments.args]
    first_default = len(positional) - len(arguments.defaults)
    keyword = list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    required = positional[after:first_default]
    required += [argument.arg for argument, default in keyword if default is None]
    optional = positional[max(after, first_default) :]
    optional += [argument.arg for argument, default in keyword if default is not None]
    return required, optional
