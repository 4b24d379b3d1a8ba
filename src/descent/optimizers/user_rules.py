"""Rules in files of the user's own: loading them, trying them out, and saying what is wrong."""

import contextlib
import sys
import traceback
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import cloudpickle
import torch

from descent.errors import RuleError

#: Iterations of `try_out`: some rules gather gradients over a few iterations before they update.
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
    name = str(Path(file).absolute())  # two files of one name in different folders are two modules
    spec = spec_from_file_location(name, file)
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    cloudpickle.register_pickle_by_value(module)  # for `remembered`
    # Not spec.loader.exec_module, which may take bytecode of an earlier version of the file: its
    # time stamp counts whole seconds.
    source = spec.loader.get_data(file)
    exec(spec.loader.source_to_code(source, name), module.__dict__)
    return module


def remembered(rule):
    """Return what a rule remembers outside its `state`, as bytes to compare, or None if unknown.

    That is what its function refers to in its file: global variables, defaults of arguments,
    attributes.
    """
    try:
        return cloudpickle.dumps(rule)
    except Exception:  # anything that an object of the user's may raise
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
    """Take a few steps on copies of a network, to find mistakes that no exception shows.

    Parameters
    ----------
    make_step : callable
        `make_step(parameters)` binds the user's rule and returns its step.
    parameters : list of torch.Tensor
        Stacked over seeds; left as they are.

    Raises
    ------
    RuleError
        If no parameter changes, or if a network's numbers depend on the network beside it.
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
            "a network's numbers depend on the network that is trained beside it; a rule that is "
            "not element-wise must not say ELEMENTWISE = True, and none may draw random numbers"
        )
