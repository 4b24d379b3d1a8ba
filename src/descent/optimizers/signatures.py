"""The hyperparameters of an optimizer, read from its source without importing it.

Importing torch takes seconds, and the configuration is checked every time Snakemake starts.
"""

import ast
import difflib
import importlib.util
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from descent.errors import NoOptimizerError, SignatureError, did_you_mean
from descent.optimizers import notebooks
from descent.optimizers.form_names import (
    METHODS,
    hint,
    in_torch,
    looks_like,
    may_be_canonical,
    needs_more,
    role,
    stands_for,
)
from descent.optimizers.packages import misspelt, source_of
from descent.optimizers.source import ancestry, defined_in, explain_missing, find, names_in, uses
from descent.optimizers.spec import SCRATCH, parse

#: Classes of torch.optim that cannot be used, and why.
_UNSUITABLE = {"LBFGS": "its step needs a closure", "SparseAdam": "it needs sparse gradients"}

# Rejected keywords: fused kernels round differently when parameters are stacked over seeds,
# and differentiable steps cannot update parameters in place.
_REFUSED = {"fused", "differentiable"}

_FORM = "(parameters, gradients, state)"


@dataclass(frozen=True)
class Signature:
    """What an optimizer, or a module, takes.

    `defaults` maps each optional hyperparameter to the expression of its default; `leading` names
    the arguments before the hyperparameters.
    """

    required: list = field(default_factory=list)
    defaults: dict = field(default_factory=dict)
    takes_others: bool = False
    leading: list = field(default_factory=list)


#: Of a rule that is known only when its file runs: its call will tell.
_ANY = Signature(takes_others=True)


def check_hyperparameters(optimizer, given, reference=None):
    """Check hyperparameter names against the signature of an optimizer.

    Parameters
    ----------
    optimizer : str
        `scratch.<rule>`, `torch.optim.<Class>`, `<file>:<rule or class>` or
        `<package>:<rule or class>`.
    given : set of str
        Names of the given hyperparameters.
    reference : str, optional
        What it is compared with; a message then proposes names that this takes, too.

    Raises
    ------
    SignatureError
        If the optimizer is unknown, does not take a given hyperparameter, or needs a missing one.
    """
    signature = _signature(optimizer)
    known = _names(signature)
    takes = ", ".join(known) or "none"
    for name in sorted(set(given) - {*known}):
        if name in signature.leading:
            raise SignatureError(
                f"optimizer: {optimizer} must begin with {_FORM}; {name} is among its first three "
                "arguments"
            )
        if not (signature.takes_others or any(stands_for(own, name) for own in known)):
            others = [other for own in known for other in in_torch(own)]
            meant = did_you_mean(name, [*known, *others])
            raise SignatureError(
                f"{name}: {optimizer} takes no {name} here; it takes {takes}{meant}"
            )
    for name in signature.required:
        if not any(stands_for(name, one) or name == one for one in given):
            needs = ", ".join(signature.required)
            among = _names(_signature(reference)) if reference else None
            more = hint(name, signature.required, among)
            raise SignatureError(f"{name}: missing; {optimizer} needs {needs}{more}")


def _names(signature):
    return [*signature.required, *signature.defaults]


def check_values(optimizer, settings):
    """Check that hyperparameters are of the kind of their defaults: numbers, booleans or tuples.

    Parameters
    ----------
    optimizer : str
        As in `check_hyperparameters`, and valid.
    settings : dict
        The given hyperparameters.

    Raises
    ------
    SignatureError
        If one is of another kind. A default of any other kind, or that is computed, accepts
        anything.
    """
    defaults = _signature(optimizer).defaults
    for name, value in settings.items():
        default = _literal(defaults[name]) if name in defaults else None
        if wanted := _wanted(default, value):
            example, given = json.dumps(default), json.dumps(value, default=str)
            raise SignatureError(
                f"{name}: {optimizer} needs {wanted} here, such as {example}, not {given}"
            )


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
    defaults = _signature(optimizer).defaults
    return {name for name, node in defaults.items() if isinstance(node, ast.Tuple | ast.List)}


def _literal(node):
    """Return the value of an expression; None if it is computed."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _wanted(default, value):
    """Say what is wanted in place of a value; None if the value will do."""
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, int | float):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number else "a number"
    if isinstance(default, tuple):
        fits = isinstance(value, list | tuple) and len(value) == len(default)
        fits = fits and not any(map(_wanted, default, value))
        return None if fits else f"a list of {len(default)}"
    return None


def _signature(optimizer):
    """Read which hyperparameters an optimizer takes."""
    spec = parse(optimizer)
    path = optimizer.removesuffix(":")
    if path.endswith((".py", ".ipynb")):
        raise SignatureError(
            f"optimizer: {path} does not name a rule; add its name, as in {path}:momentum"
        )
    if problem := misspelt(optimizer):
        raise SignatureError(problem)
    if spec.file:
        if problem := problem_of(Path(spec.file)):
            raise SignatureError(f"optimizer: {spec.file}: {problem}")
        return _signature_in(Path(spec.file), spec.name)
    if spec.module:
        return _signature_installed(spec)
    if spec.kind == "scratch" and spec.name in _scratch_rules():
        return _signature_in(SCRATCH / f"{spec.name}.py", spec.name)
    if spec.kind == "torch.optim":
        if spec.name in _UNSUITABLE:
            raise SignatureError(f"optimizer: {optimizer} cannot be used: {_UNSUITABLE[spec.name]}")
        found = find(_torch_optim(), spec.name)
        if found and isinstance(found.node, ast.ClassDef) and not _is_base(found):
            return _of_class(found)
    rules = _scratch_rules()
    classes = [name for name in names_in(_torch_optim()) or () if name[0].isupper()]
    names = [f"scratch.{rule}" for rule in rules] + [f"torch.optim.{name}" for name in classes]
    written = f"torch.optim.{optimizer}" if optimizer in classes else optimizer
    close = difflib.get_close_matches(written, names, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    which = "" if close else f" with {', '.join(rules)}"
    raise SignatureError(
        f"optimizer: {optimizer} is unknown; {meant}allowed are torch.optim.<Class>, "
        f"<file>.py:<rule>, <package>:<Class>, and scratch.<rule>{which}"
    )


def problem_of(file):
    """Say why a path cannot be that of a user's code; None if it can."""
    if file.is_dir():
        return "is a folder; name a .py file in it"
    if not file.is_file():
        return (
            "no such file; name a .py file by its path, relative to the folder in which you run "
            "the command"
        )
    if set("{}") & set(str(file)):
        return "Snakemake takes braces in a path for wildcards; rename it"
    return None


def _scratch_rules():
    return sorted(file.stem for file in SCRATCH.glob("[!_]*.py"))


def _torch_optim():
    """Return the file with the names of torch's optimizers."""
    torch = importlib.util.find_spec("torch")
    if torch is None:
        raise SignatureError(
            "optimizer: hyperparameters are checked against torch, which is not installed here; "
            "install it beside Snakemake, for example with make setup"
        )
    return Path(torch.submodule_search_locations[0], "optim", "__init__.py")


def _signature_in(file, name):
    """Read the signature of a rule or class that a file has at its top level."""
    found = find(file, name)
    if found is None:
        raise SignatureError(f"optimizer: {explain_missing(file, name)}")
    if found.node is None:
        return _ANY
    is_class = isinstance(found.node, ast.ClassDef)
    signature = _of_class(found) if is_class else _of_rule(found, name)
    required = [item for item in signature.required if item not in found.given]
    return replace(signature, required=required, defaults=signature.defaults | found.given)


def _signature_installed(spec):
    """Read the signature of a class or function of an installed package."""
    file = source_of(spec.module)
    if file is None:
        return _ANY
    names = names_in(file)
    if names is not None and spec.name not in names:
        public = [name for name in names if not name.startswith("_")]
        meant = did_you_mean(spec.name, public)
        raise SignatureError(f"optimizer: {spec.module} has no {spec.name}{meant}")
    try:
        signature = _signature_in(file, spec.name)
        if signature.leading and not _may_step(signature.leading):
            raise NoOptimizerError  # such as (model_name, pretrained, cache_dir)
        return signature
    except NoOptimizerError:
        raise SignatureError(
            f"optimizer: {spec.module}:{spec.name} is no optimizer, which is a class with step(), "
            f"or a function that begins with {_FORM} or returns a gradient transformation of optax"
        ) from None


def signature_of_module(file, name):
    """Read which keywords make a module of torch; any, if its source is not known.

    Parameters
    ----------
    file : pathlib.Path
    name : str
        Of a class, or of a function that returns a module, at the top level of the file.

    Returns
    -------
    Signature

    Raises
    ------
    descent.errors.SignatureError
        If there is no such class.
    """
    found = find(file, name)
    if found is None:
        raise SignatureError(f"module: {explain_missing(file, name)}")
    if isinstance(found.node, ast.FunctionDef):
        return _arguments(found.node, after=0)
    for each in ancestry(found):
        if not isinstance(each.node, ast.ClassDef):
            break
        if "torch" in each.file.parts:  # nn.Module and its like take nothing of their own
            return Signature()
        init = defined_in(each.node).get("__init__")
        if isinstance(init, ast.FunctionDef):
            return _arguments(init, after=1)
    return _ANY


def _of_rule(found, name):
    signature = _arguments(found.node, after=3)
    names = [*signature.leading, *signature.required, *signature.defaults]
    if uses(found.file, "optax") and not _may_step(names[:3]):
        return _arguments(found.node, after=0)  # it returns a gradient transformation
    is_method = "self" in signature.leading
    by_position = [
        argument.arg for argument in [*found.node.args.posonlyargs, *found.node.args.args]
    ]
    is_canonical = len(names) >= 3 and may_be_canonical(names) and not needs_more(by_position)
    if not is_method and not is_canonical and looks_like(names, is_class=False):
        return _ANY  # of another form, see `descent.optimizers.forms`
    place = notebooks.place(found.file, found.node.lineno)
    place = f"optimizer: {place}: {name} must begin with {_FORM}"
    if is_method:
        raise NoOptimizerError(f"{place}, without self: it is no method")
    if len(signature.leading) < 3 and not found.node.args.vararg:
        raise NoOptimizerError(place)
    return signature


def _may_step(names):
    """Tell whether some of the first arguments may be parameters or gradients.

    A state is not enough: "initial_accumulator_value" and "cache_dir" sound like one.
    """
    return bool({role(name) for name in names} - {None, "state"})


def _of_class(found):
    """Read the signature of a class; say what it lacks to be an optimizer."""
    classes = list(ancestry(found))
    known = [each for each in classes if each.node and not _is_base(each)]
    inits = [each for each in known if "__init__" in defined_in(each.node)]
    is_torchs = any(map(_is_base, classes))
    if all(each.node for each in classes):  # else an unknown base may have what it lacks
        methods = {name for each in known for name in defined_in(each.node)}
        needs = [] if inits or not is_torchs else ["__init__(self, params, <hyperparameters>)"]
        if not methods & ({"step"} if is_torchs else {*METHODS}):
            needs.append("step(self, closure=None)")
        if needs:
            place = notebooks.place(found.file, found.node.lineno)
            raise NoOptimizerError(
                f"optimizer: {place}: {found.node.name} needs {' and '.join(needs)}"
            )
        if not is_torchs:
            return _ANY  # of another form, see `descent.optimizers.forms`
    init = defined_in(inits[0].node)["__init__"] if inits else None
    if not isinstance(init, ast.FunctionDef):
        return _ANY
    signature = _arguments(init, after=2)
    if why := _unsuitable(signature, known):
        raise SignatureError(f"optimizer: {found.node.name} cannot be used: {why}")
    signature = replace(signature, leading=[])
    if not inits[0].of_torch:
        return signature
    usable = {key: value for key, value in signature.defaults.items() if key not in _REFUSED}
    return replace(signature, defaults=usable)


def _unsuitable(signature, classes):
    """Say why a class cannot be used, by its arguments; None if it may be."""
    wrapped = [name for name in signature.leading[1:] + signature.required if "optimizer" in name]
    if wrapped:
        return (
            f"it is made from another optimizer ({wrapped[0]}), which settings cannot name; write "
            "a class of a few lines that makes both, see docs/packages.md"
        )
    if "model" in signature.leading[1:]:
        return "it is made from the whole network (model); only parameters and gradients are given"
    steps = [defined_in(each.node).get("step") for each in classes]
    step = next((each for each in steps if isinstance(each, ast.FunctionDef)), None)
    if step is not None and (needs := _arguments(step, after=1).required):
        return (
            f"its step needs {' and '.join(needs)}, with which it computes the loss several times; "
            "here it is given the gradients of one mini-batch"
        )
    return None


def _is_base(found):
    """Tell whether a class is the base class of torch's optimizers."""
    return found.of_torch and found.file.stem == "optimizer"


def _arguments(function, after):
    """Split the arguments after the first `after` ones into required and optional ones."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    n_required = len(positional) - len(arguments.defaults)
    defaults = [None] * n_required + arguments.defaults + arguments.kw_defaults
    names = [argument.arg for argument in [*positional, *arguments.kwonlyargs]]
    pairs = list(zip(names, defaults, strict=True))
    leading = names[: min(after, len(positional))]
    del pairs[: len(leading)]
    return Signature(
        required=[name for name, default in pairs if default is None],
        defaults={name: default for name, default in pairs if default is not None},
        takes_others=arguments.kwarg is not None,
        leading=leading,
    )
