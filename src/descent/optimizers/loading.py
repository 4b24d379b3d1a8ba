"""Import users' files, without effect on each other and on the rest of the program."""

import contextlib
import functools
import importlib
import os
import sys
import warnings
from importlib.machinery import PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import cloudpickle
import torch

from descent.errors import RuleError
from descent.optimizers.notebooks import definitions, is_notebook


def _get_default_device():
    try:
        return torch.get_default_device()
    except AttributeError:  # of None: old versions of torch cannot be asked once it was set to that
        return torch.device("cpu")


def _set_default_device(device):
    # None rather than cpu, which would make torch ask for the device in every call
    torch.set_default_device(None if device.type == "cpu" else device)


#: What all rules share, besides random numbers: its name, how to read it, and how to set it.
_SHARED = (
    ("whether torch computes gradients", torch.is_grad_enabled, torch.set_grad_enabled),
    ("torch's default dtype", torch.get_default_dtype, torch.set_default_dtype),
    ("torch's default device", _get_default_device, _set_default_device),
    ("torch's number of threads", torch.get_num_threads, torch.set_num_threads),
    (
        "whether torch is deterministic",
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
    ("torch's anomaly detection", torch.is_anomaly_enabled, torch.set_anomaly_enabled),
    ("the working directory", os.getcwd, os.chdir),
)


def load(file, wanted=None):
    """Import a file afresh, whatever its folder and name.

    Modules in its folder can be imported, and are imported afresh as well. What the file changes
    for the whole program while it is loaded is put back.

    Parameters
    ----------
    file : str
        Path of a Python file, or of a notebook.
    wanted : str, optional
        The name whose definitions are needed, in a notebook.

    Returns
    -------
    module
    """
    name = str(Path(file).absolute())  # files of the same name in two folders are two modules
    loader = _OfNotebook(name, name) if is_notebook(file) else _AsWritten(name, name)
    loader.wanted = wanted
    module = module_from_spec(spec_from_file_location(name, name, loader=loader))
    module.__package__ = ""  # so that a relative import says that there is no package
    sys.modules[name] = module  # dataclasses look up their module
    cloudpickle.register_pickle_by_value(module)  # for `user_rules.remembered`
    neighbors = _neighbors(folder_of(file))
    with neighbors.importable(), _as_a_program(name), put_back():
        neighbors.forget()
        loader.exec_module(module)
    return module


def import_installed(module):
    """Import a module of an installed package; what it changes for the whole program is put back.

    Parameters
    ----------
    module : str

    Returns
    -------
    module
    """
    with _as_a_program(module), put_back():
        return importlib.import_module(module)


def folder_of(file):
    """Return the folder in which a file looks for modules."""
    return _resolved_folder(os.path.abspath(file))


@functools.cache  # every step asks for it
def _resolved_folder(path):
    return str(Path(path).resolve().parent)


def modules_beside(file):
    """Return a context in which the modules beside a file can be imported."""
    return _neighbors(folder_of(file)).importable()


@contextlib.contextmanager
def put_back(refuse=False):
    """Put back what is changed for the whole program.

    Parameters
    ----------
    refuse : bool
        Whether to raise a RuleError as well, as for a step, which may rely on the change.
    """
    before = [(what, get(), get, set_) for what, get, set_ in _SHARED]
    random = torch.get_rng_state()
    try:
        yield
    finally:
        changed = [(what, was, set_) for what, was, get, set_ in before if get() != was]
        for _, was, set_ in changed:
            set_(was)
        torch.set_rng_state(random)
    if changed and refuse:
        names = " and ".join(what for what, *_ in changed)
        raise RuleError(f"it changes {names} for all that runs after a step; remove that")


@contextlib.contextmanager
def _as_a_program(name):
    """Let a file parse arguments, print and plot while it is loaded, without effect on others."""
    arguments, backend = sys.argv, os.environ.get("MPLBACKEND")
    sys.argv = [name]
    os.environ.setdefault("MPLBACKEND", "agg")  # no window that waits for somebody to close it
    os.environ.setdefault("KERAS_BACKEND", "torch")  # its own default may not be installed
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.argv = arguments
        if backend is None:
            os.environ.pop("MPLBACKEND", None)


class _AsWritten(SourceFileLoader):
    """Loads a file as it is now.

    Its bytecode may be of an earlier version: timestamps in bytecode count whole seconds.
    """

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)


class _OfNotebook(_AsWritten):
    """Loads the definitions of a notebook that a name needs; nothing else in it runs."""

    def get_code(self, fullname):
        tree = definitions(self.get_data(self.path), self.wanted)
        return compile(tree, self.path, "exec")


class _Neighbors:
    """The modules in a folder of rules, which can import them as a script in that folder would.

    They are in `sys.modules` only while a rule is in use: two folders may have modules of one name,
    and the program that checks the rule may have imported its own.
    """

    def __init__(self, folder):
        self._folder = folder
        self._names = set()  # of all modules that were ever imported from it
        self._modules = {}
        self._aside = {}  # those of the program

    @contextlib.contextmanager
    def importable(self):
        """Search the folder before all others."""
        if self in sys.meta_path:
            yield
            return
        self._aside = _take_out(self._names)
        sys.modules.update(self._modules)
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            sys.meta_path.remove(self)
            self._modules = _take_out(self._names)
            sys.modules.update(self._aside)

    def forget(self):
        """Import everything anew from now on, also what the program has imported."""
        _take_out(self._names)
        here = {
            name
            for name, module in list(sys.modules.items())
            if name.isidentifier() and self._has(getattr(module, "__spec__", None))
        }
        theirs = _take_out([name for name in sys.modules if name.partition(".")[0] in here])
        self._aside |= theirs
        self._names |= theirs.keys()
        importlib.invalidate_caches()

    def find_spec(self, fullname, path=None, target=None):
        """Find a module of the folder: Python calls this for every import."""
        if path is None:
            spec = PathFinder.find_spec(fullname, [self._folder, *sys.path])
            found = self._has(spec)
        else:  # in a package
            spec = PathFinder.find_spec(fullname, path)
            found = spec is not None and fullname.partition(".")[0] in self._names
        if not found:
            return None
        self._names.add(fullname)
        if isinstance(spec.loader, SourceFileLoader):
            spec.loader = _AsWritten(fullname, spec.origin)
        return spec

    def _has(self, spec):
        """Tell whether a module or package is in the folder itself."""
        places = [*(spec.submodule_search_locations or ()), spec.origin] if spec else [None]
        return isinstance(places[0], str) and os.path.dirname(places[0]) == self._folder


_neighbors = functools.cache(_Neighbors)


def _take_out(names):
    return {name: sys.modules.pop(name) for name in names if name in sys.modules}
