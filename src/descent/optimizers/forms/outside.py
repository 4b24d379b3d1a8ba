"""What a rule keeps in its file: global variables, and attributes of its function."""

import contextlib
import copy
import dis
import inspect
import types

import numpy as np
import torch

_CONTAINERS = (list, dict, set, np.ndarray, torch.Tensor)
_DATA = (int, float, type(None), tuple, *_CONTAINERS)


class Outside:
    """The global variables that a rule reads or writes, and the modules that it uses.

    Attributes
    ----------
    numbers : dict
        The variables that are numbers, with their values when the file was loaded.
    modules : set of str
        Names of the packages, such as numpy.
    file : str or None
        Path of the file.
    """

    def __init__(self, rule):
        self._globals = _globals_of(rule)
        self.file = self._globals.get("__file__")
        self._attributes = rule.__dict__ if inspect.isfunction(rule) else {}
        self._names, self._absent, self.modules = set(), set(), set()
        self._visit(rule, set())
        self.numbers = {
            name: self._globals[name]
            for name in sorted(self._names)
            if isinstance(self._globals.get(name), int | float)
        }

    @property
    def refers_to_containers(self):
        """Whether there are containers or tensors, in which a rule may keep something."""
        return any(isinstance(self._globals.get(name), _CONTAINERS) for name in self._names)

    def _visit(self, rule, seen):
        if id(rule) in seen:
            return
        seen.add(id(rule))
        if isinstance(rule, type):
            for base in rule.__mro__:
                for member in vars(base).values() if base is not object else ():
                    member = getattr(member, "__func__", member)
                    if inspect.isfunction(member):
                        self._visit(member, seen)
            return
        rule = inspect.unwrap(rule)
        if getattr(rule, "__globals__", None) is not self._globals:
            return
        for name in _names_in(rule.__code__):
            if name not in self._globals:
                self._absent.add(name)  # a builtin, or a variable that the rule will make
                continue
            value = self._globals[name]
            if isinstance(value, types.ModuleType):
                self.modules.add(value.__name__.partition(".")[0])
            elif isinstance(value, type) or inspect.isfunction(value):
                self._visit(value, seen)
            elif isinstance(value, _DATA):
                self._names.add(name)

    @contextlib.contextmanager
    def of(self, state, values):
        """Give the rule global variables and attributes of its own, kept in `state`, for a step."""
        if "globals" not in state:
            state["globals"] = _copies({name: self._globals[name] for name in self._names})
            state["attributes"] = _copies(self._attributes)
        own = state["globals"] | {name: values[name] for name in self.numbers if name in values}
        before = {name: self._globals[name] for name in own if name in self._globals}
        attributes = dict(self._attributes)
        self._globals.update(own)
        self._attributes.update(state["attributes"])
        try:
            yield
        finally:
            state["globals"] = {
                name: self._globals[name]
                for name in own.keys() | self._absent
                if name in self._globals
            }
            for name in state["globals"].keys() - before.keys():
                del self._globals[name]
            state["attributes"] = dict(self._attributes)
            self._globals.update(before)
            self._attributes.clear()
            self._attributes.update(attributes)


def _globals_of(rule):
    if not isinstance(rule, type):
        return getattr(inspect.unwrap(rule), "__globals__", {})
    for member in vars(rule).values():
        if inspect.isfunction(member):
            return inspect.unwrap(member).__globals__
    return {}


def _names_in(code):
    """Yield the names of the global variables in a function and in those inside it."""
    for instruction in dis.get_instructions(code):
        if instruction.opname.endswith("_GLOBAL"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in(constant)


def _copies(values):
    copies = {}
    for name, value in values.items():
        with contextlib.suppress(Exception):  # what cannot be copied, stays shared
            copies[name] = copy.deepcopy(value)
    return copies
