"""The hyperparameters of an optimizer, read from its source without importing it.

Importing torch takes seconds, and the configuration is checked every time Snakemake starts.
"""

import ast
import difflib
import functools
import importlib.util
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from descent.errors import SignatureError
from descent.optimizers.spec import SCRATCH, parse

#: Classes of torch.optim that cannot be used, and why.
_UNSUITABLE = {"LBFGS": "its step needs a closure", "SparseAdam": "it needs sparse gradients"}

# Rejected keywords: fused kernels round differently when parameters are stacked over seeds,
# and differentiable steps cannot update parameters in place.
_REFUSED = {"fused", "differentiable"}

_FORM = "(parameters, gradients, state)"

_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITION = _FUNCTION | ast.ClassDef

#: What is assigned to a name and is certainly no rule.
_NO_RULE = ast.Constant | ast.JoinedStr | ast.List | ast.Tuple | ast.Dict | ast.Set

#: How many names of a file are listed.
_AT_MOST = 10


@dataclass(frozen=True)
class _Signature:
    """What an optimizer takes.

    `defaults` maps each optional hyperparameter to the expression of its default; `leading` names
    the arguments before the hyperparameters.
    """

    required: list = field(default_factory=list)
    defaults: dict = field(default_factory=dict)
    takes_others: bool = False
    leading: list = field(default_factory=list)


#: Of a rule that is known only when its file runs: its call will tell.
_ANY = _Signature(takes_others=True)


@dataclass(frozen=True)
class _Imported:
    """A name bound by an import: a module, or what a module calls `name`, from a package."""

    module: str
    name: str | None = None
    level: int = 0


@dataclass(frozen=True)
class _Found:
    """What a name in a file stands for.

    `node` is None if that shows only when the file runs, and for torch's class Optimizer; `given`
    has the keywords that a partial gives.
    """

    file: Path
    node: ast.AST | None = None
    given: dict = field(default_factory=dict)
    of_torch: bool = False


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
    signature = _signature(optimizer)
    known = [*signature.required, *signature.defaults]
    takes = ", ".join(known) or "none"
    for name in sorted(set(given) - {*known}):
        if name in signature.leading:
            raise SignatureError(
                f"optimizer: {optimizer} must begin with {_FORM}; {name} is among its first three "
                "arguments"
            )
        if not signature.takes_others:
            raise SignatureError(f"{name}: {optimizer} takes no {name} here; it takes {takes}")
    for name in signature.required:
        if name not in given:
            needs = ", ".join(signature.required)
            raise SignatureError(f"{name}: missing; {optimizer} needs {needs}")


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
        If one is of another kind. A default that is a text, None or computed accepts anything.
    """
    defaults = _signature(optimizer).defaults
    for name, value in settings.items():
        default = _literal(defaults.get(name))
        if wanted := _wanted(default, value):
            raise SignatureError(
                f"{name}: {optimizer} needs {wanted} here, such as {_text(default)}, not "
                f"{_text(value)}"
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
    """Return the value of an expression; None for what is not written out."""
    if isinstance(node, ast.Tuple | ast.List):
        return (tuple if isinstance(node, ast.Tuple) else list)(map(_literal, node.elts))
    try:
        return ast.literal_eval(node) if node else None
    except ValueError:
        return None


def _wanted(default, value):
    """Say what is wanted in place of a value; None if the value will do."""
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, int | float):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number else "a number"
    if isinstance(default, list):
        return None if isinstance(value, list | tuple) else "a list"
    if isinstance(default, tuple):
        fits = isinstance(value, list | tuple) and len(value) == len(default)
        fits = fits and not any(map(_wanted, default, value))
        return None if fits else f"a list of {len(default)}"
    return None


def _text(value):
    return json.dumps(value, default=str)


def _signature(optimizer):
    """Read which hyperparameters an optimizer takes."""
    spec = parse(optimizer)
    name = spec.name
    if spec.file and not name.endswith(".py"):
        return _user_signature(spec.file, name)
    if spec.kind == "scratch" and name in _scratch_rules():
        return _file_signature(SCRATCH / f"{name}.py", name)
    if spec.kind == "torch.optim":
        if name in _UNSUITABLE:
            raise SignatureError(f"optimizer: {optimizer} cannot be used: {_UNSUITABLE[name]}")
        if (found := _torch_class(name)) and found.node:
            return _signature_of(found, name)
    if name == "py" or name.endswith(".py"):
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


def _user_signature(path, name):
    file = Path(path)
    if file.is_dir():
        raise SignatureError(f"optimizer: {path}: is a folder; name a .py file in it")
    if not file.is_file():
        is_module = not file.suffix or (file.name == path and file.suffix != ".py")
        hint = "; give the path of a .py file, not the name of a module" if is_module else ""
        raise SignatureError(
            f"optimizer: {path}: no such file; the path is relative to the folder in which you run "
            f"the command{hint}"
        )
    if set("{}") & set(path):
        raise SignatureError(
            f"optimizer: {path}: Snakemake takes braces in a path for wildcards; rename it"
        )
    if not name:
        raise SignatureError(
            f"optimizer: {path}: does not name a rule; add its name, as in {path}:momentum"
        )
    if file.suffix == ".ipynb":
        raise SignatureError(
            f"optimizer: {path}: is a notebook; save the rule in a .py file and name that"
        )
    return _file_signature(file, name)


def _file_signature(file, name):
    """Read the signature of a rule or class that a file has at its top level."""
    found = _find(file, name)
    if found is None:
        raise SignatureError(f"optimizer: {_what_there_is(file, name)}")
    return _signature_of(found, name)


def _what_there_is(file, name):
    """Say where a name is that is not at the top level of a file, or which names are."""
    tree = _parse(file)
    if not tree.body:
        return f"{file}: is empty; write the rule {name} into it"
    if where := _elsewhere(tree, name):
        return f"{file}: {name} is defined {where}; move it to the top level of the file"
    kinds = _DEFINITION | ast.Lambda | ast.Call | _Imported | ast.Attribute
    bindings = _bindings(tree.body)
    own = [key for key, value in bindings.items() if isinstance(value, _DEFINITION)]
    every = [key for key, value in bindings.items() if isinstance(value, kinds)]
    close = difflib.get_close_matches(name, every, n=1)
    listed = ", ".join(own[:_AT_MOST]) + (", ..." if len(own) > _AT_MOST else "")
    there = f"it has {listed}" if own else "it has none"
    if close:
        there = f"did you mean {close[0]}?" + (f" It has {listed}" if own != close else "")
    return f"{file} has no function or class {name}; {there}"


def _elsewhere(tree, name):
    where = None
    for outer in ast.walk(tree):
        inside = isinstance(outer, _DEFINITION) or (isinstance(outer, ast.If) and _is_main(outer))
        for part in ast.walk(outer) if inside else ():
            if part is not outer and isinstance(part, _DEFINITION) and part.name == name:
                where = f"inside {_title(outer)}, line {part.lineno}"  # at last the innermost
    return where


def _title(outer):
    if isinstance(outer, ast.If):
        return 'if __name__ == "__main__"'
    return f"class {outer.name}" if isinstance(outer, ast.ClassDef) else f"{outer.name}()"


def _is_main(statement):
    return ast.unparse(statement.test).replace('"', "'") == "__name__ == '__main__'"


def _parse(file):
    """Parse a file into its syntax tree."""
    try:
        return ast.parse(file.read_bytes())
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    except SyntaxError as error:
        if error.lineno:
            raise SignatureError(
                f"optimizer: {file}, line {error.lineno}: syntax error ({error.msg})"
            ) from None
        problem = f"not a text file with Python code ({error.msg}); save it as UTF-8"
    except (ValueError, RecursionError, MemoryError) as error:
        problem = f"not a text file with Python code ({error}); save it as UTF-8"
    raise SignatureError(f"optimizer: {file}: {problem}")


def _bindings(body):
    """Map the names that statements bind to what they last bind them to; None if that is unclear.

    A star import is under `*` and its module.
    """
    found = {}
    for part in body:
        if isinstance(part, _DEFINITION):
            found[part.name] = part
        elif isinstance(part, ast.Import):
            for alias in part.names:
                module = alias.name if alias.asname else alias.name.partition(".")[0]
                found[alias.asname or module] = _Imported(module)
        elif isinstance(part, ast.ImportFrom):
            module = part.module or ""
            for alias in part.names:
                key = f"*{module}" if alias.name == "*" else alias.asname or alias.name
                found[key] = _Imported(module, alias.name, part.level)
        elif isinstance(part, ast.Assign | ast.AnnAssign):
            found |= _assigned(part)
        elif isinstance(part, ast.Delete):
            for target in part.targets:
                found.pop(ast.unparse(target), None)
        else:
            found |= _of_branches([_bindings(branch) for branch in _branches(part)])
    return found


def _assigned(statement):
    found = {}
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in targets if statement.value else ():
        if isinstance(target, ast.Name):
            found[target.id] = statement.value
        else:
            found |= {part.id: None for part in ast.walk(target) if _is_stored(part)}
    return found


def _is_stored(node):
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _branches(statement):
    """List the blocks of a statement, of which one runs; none if it has no blocks."""
    if isinstance(statement, ast.If):
        return [[] if _is_main(statement) else statement.body, statement.orelse]
    if isinstance(statement, ast.Try | ast.TryStar):
        through = [*statement.body, *statement.orelse, *statement.finalbody]
        return [through, *(handler.body for handler in statement.handlers)]
    if isinstance(statement, ast.Match):
        return [case.body for case in statement.cases]
    return [[*getattr(statement, "body", []), *getattr(statement, "orelse", [])]]


def _of_branches(branches):
    found = {}
    for branch in branches:
        for name, value in branch.items():
            found[name] = None if name in found else value
    return found


def _find(file, name, seen=frozenset()):
    """Find what a name at the top level of a file stands for; None if it is not there."""
    if (file, name) in seen:
        return _Found(file)
    seen |= {(file, name)}
    bindings = _bindings(_parse(file).body)
    if name in bindings:
        return _follow(file, bindings[name], seen)
    for key, star in bindings.items():
        if key.startswith("*"):
            found = _follow_import(file, replace(star, name=name), seen, if_missing=None)
            if found:
                return found
    return None


def _follow(file, bound, seen):
    if isinstance(bound, _Imported):
        return _follow_import(file, bound, seen, if_missing=_Found(file))
    if isinstance(bound, _DEFINITION | ast.Lambda | _NO_RULE):
        return _Found(file, bound)
    if isinstance(bound, ast.Name):
        return _find(file, bound.id, seen) or _Found(file)
    if isinstance(bound, ast.Attribute):
        return _follow_attribute(file, bound, seen)
    if isinstance(bound, ast.Call) and _last_name(bound.func) == "partial":
        return _follow_partial(file, bound, seen)
    return _Found(file)


def _follow_attribute(file, bound, seen):
    """Follow `module.name` or `package.module.name`."""
    root, *rest = ast.unparse(bound).split(".")
    imported = _bindings(_parse(file).body).get(root)
    if not isinstance(imported, _Imported) or not all(map(str.isidentifier, rest)):
        return _Found(file)
    module = ".".join([imported.module, *([imported.name] if imported.name else []), *rest[:-1]])
    return _follow_import(
        file, _Imported(module, rest[-1], imported.level), seen, if_missing=_Found(file)
    )


def _follow_partial(file, call, seen):
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if len(call.args) != 1 or None in given:
        return _Found(file)
    found = _follow(file, call.args[0], seen)
    return replace(found, given=found.given | given)


def _follow_import(file, imported, seen, if_missing):
    """Follow an import to a file beside this one or to an installed package."""
    module, name = imported.module, imported.name
    if module.partition(".")[0] == "torch" and name:
        return _torch_class(name) or if_missing
    source = _module_file(module, _folders(file, imported.level)) if module and name else None
    if source is None:
        return _Found(file)
    return _find(source, name, seen) or if_missing


def _folders(file, level):
    """List where an import is looked up: in the folder of the file and of its outer package."""
    folder = file.resolve().parent
    if level:
        return [folder.joinpath(*[".."] * (level - 1))]
    root = folder
    while (root / "__init__.py").exists():
        root = root.parent
    return [folder, root]


def _module_file(module, folders):
    """Find the source of a module without importing anything; None if there is none."""
    parts = module.split(".")
    places = folders
    if not any(_source(folder, parts) for folder in folders):
        try:
            spec = importlib.util.find_spec(parts[0])
        except (ImportError, ValueError):
            spec = None
        if spec is None:
            return None
        if len(parts) == 1 and spec.origin and spec.origin.endswith(".py"):
            return Path(spec.origin)
        places = [Path(place).parent for place in spec.submodule_search_locations or ()]
    return next(filter(None, (_source(place, parts) for place in places)), None)


def _source(folder, parts):
    path = folder.joinpath(*parts)
    files = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _signature_of(found, name):
    """Read the signature of what was found under a name."""
    node, file = found.node, found.file
    if node is None:
        return _ANY
    if isinstance(node, ast.ClassDef):
        signature = _class_signature(found)
    elif isinstance(node, _FUNCTION | ast.Lambda):
        signature = _rule_signature(file, node, name)
    else:
        raise SignatureError(
            f"optimizer: {file}, line {node.lineno}: {name} is {ast.unparse(node)[:40]}, neither a "
            "function nor a class"
        )
    unknown = found.given.keys() - {*signature.required, *signature.defaults}
    if unknown and not signature.takes_others:
        raise SignatureError(
            f"optimizer: {name} is a partial that gives {', '.join(sorted(unknown))}, which "
            f"{file}, line {node.lineno} does not take"
        )
    required = [item for item in signature.required if item not in found.given]
    return replace(signature, required=required, defaults=signature.defaults | found.given)


def _rule_signature(file, node, name):
    place = f"optimizer: {file}, line {node.lineno}: {name}"
    leading = _positional(node)[:3]
    if isinstance(node, ast.AsyncFunctionDef):
        raise SignatureError(f"{place} is an async function, which nobody awaits; remove async")
    if isinstance(node, ast.FunctionDef) and any(map(_yields, node.body)):
        raise SignatureError(f"{place} is a generator, which nobody runs; remove yield")
    if leading[:1] == ["self"]:
        raise SignatureError(f"{place} must begin with {_FORM}, without self: it is no method")
    if len(leading) < 3 and not node.args.vararg:
        raise SignatureError(f"{place} must begin with {_FORM}")
    return replace(_arguments(node, after=3), leading=leading)


def _yields(node):
    """Tell whether a statement of a function yields, other than in a function inside it."""
    if isinstance(node, ast.Yield | ast.YieldFrom):
        return True
    inner = () if isinstance(node, _DEFINITION | ast.Lambda) else ast.iter_child_nodes(node)
    return any(map(_yields, inner))


def _class_signature(found):
    """Read the signature of a class; tell what it needs to be an optimizer."""
    node, file = found.node, found.file
    if found.of_torch:
        signature = _arguments(_method(node, "__init__"), after=2)
        defaults = {k: v for k, v in signature.defaults.items() if k not in _REFUSED}
        return replace(signature, defaults=defaults, takes_others=False)
    ancestry = list(_ancestry(found, frozenset()))
    own = [each for each in ancestry if each.node]
    init = next((each for each in own if each.of_torch or _method(each.node, "__init__")), None)
    step = next((each for each in own if each.of_torch or _method(each.node, "step")), None)
    if any(each.node is None and not each.of_torch for each in ancestry):  # a base is unknown
        if init is None:
            return _ANY
    else:
        needs = [] if init else ["__init__(self, params, <hyperparameters>)"]
        needs += [] if step else ["step(self, closure=None)"]
        if not any(each.of_torch for each in ancestry):
            needs.append("the base class torch.optim.Optimizer")
        if needs:
            raise SignatureError(
                f"optimizer: {file}, line {node.lineno}: {node.name} needs {' and '.join(needs)}"
            )
    if step and not step.of_torch:
        _check_step(step)
    if init.of_torch:
        return _class_signature(init)
    return _arguments(_method(init.node, "__init__"), after=2)


def _check_step(found):
    step = _method(found.node, "step")
    if isinstance(step, _FUNCTION) and len(_arguments(step, after=1).required):
        raise SignatureError(
            f"optimizer: {found.file}, line {step.lineno}: step is called without arguments; write "
            "step(self, closure=None)"
        )


def _method(node, name):
    """Return the method of a class, or what is assigned to its name; None if there is neither."""
    bound = _bindings(node.body).get(name)
    return bound if isinstance(bound, _FUNCTION) or name != "__init__" else None


def _ancestry(found, seen):
    """Yield a class and its bases, as far as they are known, and none of those of torch's."""
    yield found
    if found.of_torch or not isinstance(found.node, ast.ClassDef):
        return
    seen |= {(found.file, found.node.name)}
    for base in found.node.bases:
        if ast.unparse(base) == "object":
            continue
        above = _follow(found.file, base, seen)
        if above.node is None and not above.of_torch:
            above = _torch_class(_last_name(base)) or above
        yield from _ancestry(above, seen)


def _scratch_rules():
    return sorted(file.stem for file in SCRATCH.glob("[!_]*.py"))


def _torch_class(name):
    """Find an optimizer class of torch, or the base class of all; None if there is none."""
    torch = importlib.util.find_spec("torch")
    if torch is None:
        raise SignatureError(
            "optimizer: hyperparameters are checked against torch, which is not installed here; "
            "install it beside Snakemake, for example with make setup"
        )
    folder = Path(torch.submodule_search_locations[0], "optim")
    if name == "Optimizer":
        return _Found(folder, of_torch=True)
    return _optimizer_class(folder, name)


@functools.cache  # torch's files stay as they are, and there are many to look through
def _optimizer_class(folder, name):
    for file in sorted(folder.glob("*.py")):
        node = _torch_definition(file, name)
        bases = map(_last_name, node.bases) if node else []
        if any(base == "Optimizer" or _optimizer_class(folder, base) for base in bases):
            return _Found(file, node, of_torch=True)
    return None


def _torch_definition(file, name):
    source = file.read_bytes()
    if name.encode() not in source:
        return None
    found = (part for part in ast.parse(source).body if isinstance(part, ast.ClassDef))
    return next((part for part in found if part.name == name), None)


def _last_name(base):
    return ast.unparse(base).rpartition(".")[2]


def _positional(function):
    return [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]


def _arguments(function, after):
    """Split the arguments after the first `after` ones into required and optional ones."""
    arguments = function.args
    positional = _positional(function)
    first_default = len(positional) - len(arguments.defaults)
    keyword = list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    required = positional[after:first_default]
    required += [argument.arg for argument, default in keyword if default is None]
    defaults = list(zip(positional[first_default:], arguments.defaults, strict=True))
    defaults = defaults[max(after - first_default, 0) :]
    defaults += [(argument.arg, default) for argument, default in keyword if default is not None]
    return _Signature(required, dict(defaults), arguments.kwarg is not None)
