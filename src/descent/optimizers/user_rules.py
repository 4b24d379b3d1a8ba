"""Update rules in users' files: load them, try them out, and say what is wrong with them."""

import contextlib
import importlib
import os
import sys
import traceback
import warnings
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import cloudpickle
import torch

from descent.errors import RuleError

#: Iterations of `try_out`: some rules accumulate gradients for a few iterations before they update.
TRIAL = 10


def _set_default_device(device):
    # None rather than cpu, which would make torch ask for the device in every call
    torch.set_default_device(None if device.type == "cpu" else device)


#: What every rule shares and none may change in a step: its name, how to read it, how to set it.
_SHARED = (
    ("whether torch computes gradients", torch.is_grad_enabled, torch.set_grad_enabled),
    ("torch's default dtype", torch.get_default_dtype, torch.set_default_dtype),
    ("torch's default device", torch.get_default_device, _set_default_device),
    (
        "whether torch is deterministic",
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
    ("torch's anomaly detection", torch.is_anomaly_enabled, torch.set_anomaly_enabled),
)

#: What a step may change: it is put back, and no result depends on it.
_HARMLESS = (
    (torch.get_num_threads, torch.set_num_threads),
    (os.getcwd, os.chdir),
)


class _Neighbors:
    """Modules beside users' files, which rules import as a script in that folder would.

    Those that are imported for a rule are in `sys.modules` only while it is in use: two folders may
    have modules of one name, and the program that checks the rule may have imported its own.
    """

    def __init__(self):
        self._modules = {}  # by folder, then by name
        self._in_use = self._last = None
        self._before = {}  # the program's own, while the folder is in use
        self._n_modules = 0

    @contextlib.contextmanager
    def of(self, folder, afresh=False):
        """Search a folder before all others; `afresh` also forgets what was imported from it."""
        modules = self._modules.setdefault(folder, {})
        outer = self._in_use, self._before, self._n_modules
        inside = folder == self._in_use
        if inside:
            modules.update(self._new(folder))
        self._in_use, self._before = folder, self._before if inside else {}
        for name in modules.keys() | (self._all() if afresh else set()):
            module = sys.modules.pop(name, None)
            if module is not None and modules.get(name) is not module:
                self._before.setdefault(name, module)
        if afresh:
            modules.clear()
        sys.modules.update(modules)
        self._n_modules = len(sys.modules)
        self._search_last(folder)
        sys.path.insert(0, folder)
        try:
            yield
        finally:
            with contextlib.suppress(ValueError):
                sys.path.remove(folder)
            modules.update(self._new(folder))
            if not inside:
                for name in modules:
                    sys.modules.pop(name, None)
                sys.modules.update(self._before)
            self._in_use, self._before, self._n_modules = outer
            if inside:
                self._n_modules = len(sys.modules)

    def _search_last(self, folder):
        """Search a folder after all others from now on, for a rule called outside of `of`."""
        if folder != self._last:
            with contextlib.suppress(ValueError):
                sys.path.remove(self._last)
            sys.path.append(folder)
            self._last = folder

    def _all(self):
        """Name the modules from all folders of rules, whoever imported them."""
        return _from(self._modules, sys.modules.items()).keys()

    def _new(self, folder):
        """Map the names of modules that were imported since to the modules."""
        if len(sys.modules) == self._n_modules:
            return {}
        return _from({folder}, list(sys.modules.items())[self._n_modules :])


def _from(folders, modules):
    modules = [(name, module) for name, module in list(modules) if name.split(".")[0] != "descent"]
    return {name: module for name, module in modules if _home(name, module) in folders}


def _home(name, module):
    """Return the folder from which a module, or its package, was imported; None without a file."""
    place = getattr(module, "__file__", None)
    if place is None:  # a folder without __init__.py
        place = next(iter(getattr(module, "__path__", None) or ()), None)
    if not isinstance(place, str) or not name.partition(".")[0].isidentifier():
        return None
    if os.path.basename(place) == "__init__.py":
        place = os.path.dirname(place)
    for _ in name.split("."):
        place = os.path.dirname(place)
    return place


_NEIGHBORS = _Neighbors()


def load(file):
    """Import a file afresh, whatever its folder and name.

    Modules in its folder can be imported, and are imported afresh as well. What the file changes
    for the whole program while it is loaded is put back.

    Parameters
    ----------
    file : str
        Path of a Python file.

    Returns
    -------
    module
    """
    path = Path(file).absolute()
    name = str(path)  # files of the same name in two folders are two modules
    loader = SourceFileLoader(name, name)
    module = module_from_spec(spec_from_file_location(name, name, loader=loader))
    module.__package__ = ""  # so that a relative import says that there is no package
    sys.modules[name] = module  # dataclasses look up their module
    cloudpickle.register_pickle_by_value(module)  # for `remembered`
    # Not spec.loader.exec_module, which may use the bytecode of an earlier version of the file: its
    # timestamp counts whole seconds.
    source = loader.get_data(name)
    neighbors = _NEIGHBORS.of(_folder(path), afresh=True)
    with neighbors, _as_a_program(name), _put_back(refuse=False):
        exec(loader.source_to_code(source, name), module.__dict__)
    return module


def _folder(path):
    return str(Path(path).resolve().parent)


@contextlib.contextmanager
def _as_a_program(name):
    """Let a file parse arguments, print and plot while it is loaded, without effect on others."""
    arguments, write_bytecode = sys.argv, sys.dont_write_bytecode
    backend = os.environ.get("MPLBACKEND")
    sys.argv = [name]
    sys.dont_write_bytecode = True  # as above
    os.environ.setdefault("MPLBACKEND", "agg")  # no window that waits for somebody to close it
    importlib.invalidate_caches()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.argv, sys.dont_write_bytecode = arguments, write_bytecode
        if backend is None:
            os.environ.pop("MPLBACKEND", None)


@contextlib.contextmanager
def _put_back(refuse):
    """Put back what is changed for the whole program; refuse it in a step, which may rely on it."""
    shared = [(what, get(), get, set_) for what, get, set_ in _SHARED]
    harmless = [(get(), get, set_) for get, set_ in _HARMLESS]
    random = torch.get_rng_state()
    changed = []
    try:
        yield
        changed = [what for what, was, get, _ in shared if get() != was]
    finally:
        for was, get, set_ in [*(each[1:] for each in shared), *harmless]:
            if get() != was:
                set_(was)
        torch.set_rng_state(random)
    if changed and refuse:
        raise RuleError(
            f"it changes {' and '.join(changed)} for all that runs after a step; remove that"
        )


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
    """Turn an exception into a RuleError that names its innermost line in `file`.

    Modules beside the file can be imported meanwhile. What is changed for the whole program is put
    back, see `load`; some of it is refused.
    """
    path = str(Path(file).absolute())
    try:
        with _NEIGHBORS.of(_folder(path)), _put_back(refuse=True):
            yield
    except RuleError as error:
        raise RuleError(f"{file}: {error}") from None
    except (Exception, SystemExit) as error:
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == path
        ]
        if isinstance(error, SyntaxError) and error.filename == path:
            lines.append(error.lineno)
        place = f"{file}, line {lines[-1]}" if lines else file
        message = " ".join(str(error).split()).removesuffix(".")
        said = f"{type(error).__name__}: {message}" if message else type(error).__name__
        raise RuleError(f"{place}: {said}{_advice(error, path)}") from error


def _advice(error, path):
    """Say what to do about an exception, if that is not plain."""
    folder = _folder(path)
    if isinstance(error, ModuleNotFoundError) and error.name:
        top = error.name.partition(".")[0]
        if os.path.exists(top) or os.path.exists(f"{top}.py"):
            return f"; it is in {os.getcwd()}, which is not searched: set PYTHONPATH=."
        if top != error.name or os.path.exists(os.path.join(folder, top)):
            return f"; looked for in {folder} and among the installed packages"
        return f"; install it, as with pip install {top}, or put {top}.py into {folder}"
    if isinstance(error, ImportError) and "relative import" in str(error):
        return "; leave out the dot: a module beside the file is found by its name"
    if isinstance(error, SystemExit):
        return "; put what is only for the command line under if __name__ == '__main__':"
    return ""


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
