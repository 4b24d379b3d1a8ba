"""Update rules in users' files: load them, try them out, and say what is wrong with them."""

import contextlib
import sys
import traceback
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import cloudpickle
import torch

from descent.errors import RuleError

#: Iterations of `try_out`: some rules accumulate gradients for a few iterations before they update.
TRIAL = 10


def load(file):
    """Import a file afresh, whatever its folder and name.

    Parameters
    ----------
    file : str
        Path of a Python file.

    Returns
    -------
    module
    """
    name = str(Path(file).absolute())  # files of the same name in two folders are two modules
    spec = spec_from_file_location(name, file)
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their module
    cloudpickle.register_pickle_by_value(module)  # for `remembered`
    # Not spec.loader.exec_module, which may use the bytecode of an earlier version of the file: its
    # timestamp counts whole seconds.
    source = spec.loader.get_data(file)
    exec(spec.loader.source_to_code(source, name), module.__dict__)
    return module


def remembered(rule):
    """Return what a rule remembers outside its `state`, as bytes to compare, or None if unknown.

    That is everything its function refers to in its file: global variables, default arguments and
    attributes.
    """
    try:
        return cloudpickle.dumps(rule)
    except Exception:  # a user's object may raise anything
        return None


@contextlib.contextmanager
def blaming(file):
    """Turn an exception into a RuleError that names its innermost line in `file`."""
    try:
        yield
    except RuleError as error:
        raise RuleError(f"{file}: {error}") from None
    except (Exception, SystemExit) as error:
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == str(Path(file).absolute())
        ]
        if isinstance(error, SyntaxError):
            lines.append(error.lineno)
        place = f"{file}, line {lines[-1]}" if lines else file
        message = " ".join(str(error).split())
        raise RuleError(f"{place}: {type(error).__name__}: {message}") from error


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
    random = torch.Generator().manual_seed(0)
    for _ in range(TRIAL):
        own, others = (
            [scale * torch.randn(p.shape, generator=random, dtype=p.dtype) for p in before]
            for scale in (1, 10)
        )
        steps[0]([gradient.clone() for gradient in own])
        steps[1]([torch.cat(pair) for pair in zip(own, others, strict=True)])
    if all(map(torch.equal, before, alone)):
        raise RuleError(
            f"no parameter has changed in {TRIAL} iterations; update them in place, as in "
            "parameter.sub_(lr * gradient): a new tensor, as in parameter = parameter - lr * "
            "gradient or parameter.data = ..., is lost"
        )
    together = [parameter[:1] for parameter in beside_another]
    if not all(torch.allclose(*pair, equal_nan=True) for pair in zip(alone, together, strict=True)):
        raise RuleError(
            "a network's numbers depend on the network that is trained next to it; a rule that is "
            "not elementwise must not set ELEMENTWISE = True, and no rule may draw random numbers"
        )
