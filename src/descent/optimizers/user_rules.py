"""Update rules in users' files: try them out, and say what is wrong with them."""

import contextlib
import inspect
import traceback
from functools import partial
from pathlib import Path

import cloudpickle
import torch

from descent.errors import RuleError
from descent.optimizers import notebooks
from descent.optimizers.loading import folder_of, modules_beside, put_back
from descent.optimizers.spec import parse

#: Iterations of `try_out`, and where no parameter changes: some rules accumulate gradients first.
TRIAL, LONG_TRIAL = 10, 100


def blame_for(optimizer):
    """Return what makes the context of an optimizer's steps, by its name.

    Parameters
    ----------
    optimizer : str

    Returns
    -------
    callable
        `contextlib.nullcontext` for an included rule and a class of torch.
    """
    spec = parse(optimizer)
    if spec.file:
        return partial(blaming, spec.file)
    return partial(_blaming_installed, optimizer) if spec.module else contextlib.nullcontext


@contextlib.contextmanager
def _blaming_installed(optimizer):
    """Turn an exception into a RuleError that names the class and its package."""
    with _blaming(optimizer, None), put_back(refuse=True):
        yield


@contextlib.contextmanager
def blaming(file):
    """Turn an exception into a RuleError that names its innermost line in `file`.

    Modules beside the file can be imported meanwhile. What is changed for the whole program is put
    back and refused.
    """
    with _blaming(file, str(Path(file).absolute())), modules_beside(file), put_back(refuse=True):
        yield


@contextlib.contextmanager
def blaming_object(rule):
    """Turn an exception into a RuleError that names its innermost line in a function or class.

    What is changed for the whole program is put back and refused.
    """
    function = inspect.unwrap(getattr(rule, "step", rule) if isinstance(rule, type) else rule)
    code = getattr(function, "__code__", None)
    with _blaming(rule.__name__, code and code.co_filename), put_back(refuse=True):
        yield


@contextlib.contextmanager
def _blaming(name, path):
    """Turn an exception into a RuleError with a name, and its innermost line in a file."""
    try:
        yield
    except RuleError as error:
        if str(error).startswith(name):  # from within: a step that is tried out
            raise
        raise RuleError(f"{name}: {error}") from None
    except KeyboardInterrupt:  # of the person who waits
        raise
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == path]
        if isinstance(error, SyntaxError) and error.filename == path:
            lines.append(error.lineno)
        place = notebooks.place(name, lines[-1]) if lines else name
        message = " ".join(_text(error).split()).removesuffix(".")
        if isinstance(error, AssertionError) and not message:
            message = frames[-1].line  # what is asserted
        said = f"{type(error).__name__}: {message}" if message else type(error).__name__
        raise RuleError(f"{place}: {said}{_advice(error, name)}") from error


def _text(error):
    try:
        return str(error)
    except Exception:  # its own __str__ fails
        return ""


#: Words of an error where gradients are differentiated once more.
_SECOND_ORDER = ("grad_fn", "grad_fn.", "create_graph")

#: Parts of errors of optimizers that want something else than a list of parameters, or a GPU.
_OTHER_NEEDS = {
    "has no attribute 'named_parameters'": "it needs the whole model, but gets its parameters",
    "has no attribute 'parameters'": "it needs the whole model, but gets its parameters",
    "Tensor.__contains__ only supports": "it wants groups of parameters with keys of its own; "
    "a class of a few lines can make them, see docs/packages.md",
    "active drivers": "it uses Triton, which needs a GPU; does an option turn that off?",
}


def _advice(error, file):
    """Say what to do about an exception, if that is not plain."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"; {error.name} is neither installed nor in {folder_of(file)}"
    if isinstance(error, ImportError) and "relative import" in str(error):
        return "; leave out the dot: a module beside the file is found by its name"
    if isinstance(error, SystemExit):
        return "; put what is only for the command line under if __name__ == '__main__':"
    if isinstance(error, RuntimeError) and set(_SECOND_ORDER) & set(_text(error).split()):
        return "; it needs second derivatives, but gradients are plain numbers here"
    for part, advice in _OTHER_NEEDS.items():
        if part in _text(error):
            return f"; {advice}"
    if isinstance(error, RuntimeError) and "on the same device" in _text(error):
        return (
            "; make every tensor on the device of what it is combined with, and the constants of "
            "a module buffers, with register_buffer"
        )
    return ""


def remembered(rule):
    """Return what a rule remembers outside its `state`, as bytes to compare, or None if unknown.

    That is everything its function refers to in its file: global variables, default arguments and
    attributes.
    """
    try:
        return cloudpickle.dumps(rule)
    except Exception:  # a user's object may raise anything
        return None


def try_out(make_step, parameters):
    """Take a few steps on copies of a network to find mistakes that raise no exception.

    Parameters
    ----------
    make_step : callable
        `make_step(parameters)` binds the user's rule and returns its step.
    parameters : list of torch.Tensor
        Stacked over seeds; left unchanged.

    Raises
    ------
    RuleError
        If no parameter changes, or if a network's numbers depend on the network next to it.
    """
    before = [parameter[:1].detach() for parameter in parameters]
    alone = [parameter.clone() for parameter in before]
    beside_another = [torch.cat([parameter, parameter]) for parameter in before]
    steps = make_step(alone), make_step(beside_another)
    # on the CPU, also if a step makes another device the default
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(0), device="cpu")
    for iteration in range(LONG_TRIAL):
        if iteration >= TRIAL and not all(map(torch.equal, before, alone)):
            break
        own, others = (
            [(scale * draw(p.shape, dtype=p.dtype)).to(p.device) for p in before]
            for scale in (1, 10)
        )
        steps[0]([gradient.clone() for gradient in own])
        steps[1]([torch.cat(pair) for pair in zip(own, others, strict=True)])
    if all(map(torch.equal, before, alone)):
        raise RuleError(
            f"no parameter has changed in {LONG_TRIAL} iterations; update them in place, as in "
            "parameter.sub_(lr * gradient): a new tensor, as in parameter = parameter - lr * "
            "gradient, is lost"
        )
    together = [parameter[:1] for parameter in beside_another]
    if not all(torch.allclose(*pair, equal_nan=True) for pair in zip(alone, together, strict=True)):
        raise RuleError(
            "a network's numbers depend on the network that is trained next to it; a rule that is "
            "not elementwise must not set ELEMENTWISE = True, and random numbers must be drawn "
            "with torch, on the CPU"
        )
