"""Where the function that takes a step comes from: it is the rule, or the rule makes it."""

import copy
import inspect
from dataclasses import dataclass
from inspect import Parameter

from descent.errors import RuleError
from descent.optimizers.form_names import ALIASES, METHODS, PAIRS, plain, role
from descent.optimizers.translation import MISSING


@dataclass(frozen=True)
class Argument:
    """An argument of a user's function; `role` is None for a hyperparameter."""

    name: str
    role: str | None
    default: object
    only_by_position: bool

    empty = MISSING


def arguments(function, given=()):
    """List the arguments of a function with their roles.

    Parameters
    ----------
    function : callable
    given : iterable of str
        The user's hyperparameters: an argument of such a name is one.

    Returns
    -------
    list of Argument
    """
    found = []
    for each in inspect.signature(function).parameters.values():
        if each.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD) or each.name == "closure":
            continue
        is_number = isinstance(each.default, bool) or (
            isinstance(each.default, float) and each.default
        )
        meaning = None if each.name in given or is_number else role(each.name)
        if meaning is None and isinstance(each.default, dict | list) and not each.default:
            meaning = "state"  # such as cache={}: it would be kept between networks
        only = each.kind is Parameter.POSITIONAL_ONLY
        found.append(Argument(each.name, meaning, each.default, only))
    return found


def hyperparameters(found):
    """Return the arguments that are hyperparameters, with their defaults."""
    return {each.name: each.default for each in found if each.role is None}


class Function:
    """A rule that is the function itself."""

    form: str | None = None
    begins = "taken as"

    def __init__(self, rule, given):
        self.rule = rule
        self.arguments = arguments(rule, given)
        self.own = hyperparameters(self.arguments)
        self.roles = {each.role for each in self.arguments}
        self.made_from = None

    def make(self, parameters, own):
        """Return what is kept to take steps with, and the function that takes one."""
        return None

    def function(self, made):
        """Return the function that takes a step."""
        return self.rule

    def change(self, made, parameters, old, own):
        """Return what was made, with other hyperparameters."""
        return made

    def after(self, made):
        """Do what a training loop does after a step."""


class Object(Function):
    """A class: an object of it takes the steps."""

    form = "class"

    def __init__(self, rule, given):
        self.rule = rule
        methods = [name for name in METHODS if callable(getattr(rule, name, None))]
        if not methods:
            raise RuleError(f"the class {rule.__name__} has no method {' or '.join(METHODS[:2])}")
        self._method = methods[0]
        self.begins = f"taken as a class with {self._method}() and"
        self.makes_with = arguments(rule, given)
        self.arguments = arguments(getattr(rule, self._method), given)[1:]
        self.own = hyperparameters(self.makes_with) | hyperparameters(self.arguments)
        self.roles = {each.role for each in self.arguments}
        made_from = [each for each in self.makes_with if each.role in ("parameters", "model")]
        self.made_from = made_from[0] if made_from else None

    def make(self, parameters, own):
        """Make the object."""
        given = {each.name: own[each.name] for each in self.makes_with if each.name in own}
        if self.made_from:
            given[self.made_from.name] = parameters
        return _with_its_own_attributes(self.rule)(**given)

    def function(self, made):
        """Return the method that takes a step."""
        return getattr(made, self._method)

    def change(self, made, parameters, old, own):
        """Set the attributes that hold hyperparameters.

        One that no attribute holds stays as it was, as it would in a training loop.
        """
        for name, value in own.items():
            if value != old[name]:
                _set(getattr(made, "__dict__", {}), name, old[name], value)
        return made

    def after(self, made):
        """Clear the gradients, and let the layers' optimizers of some books count."""
        for name in ("zero_grad", "post_update_params"):
            if callable(getattr(made, name, None)):
                getattr(made, name)()


def _with_its_own_attributes(rule):
    """Return the class, or a subclass if objects would share dicts or lists of the class."""
    shared = {
        name: copy.deepcopy(value)
        for base in reversed(rule.__mro__)
        for name, value in vars(base).items()
        if isinstance(value, dict | list) and not name.startswith("__")
    }
    return type(rule.__name__, (rule,), shared) if shared else rule


def _set(attributes, name, old, value):
    """Set what holds a hyperparameter: an attribute, or an entry of a dict among them."""
    places = [attributes]
    for each in attributes.values():
        parts = each if isinstance(each, list) else [each]
        places += [part for part in parts if isinstance(part, dict)]
    alike = {plain(name)}
    for one, aliases in ALIASES.items():
        if plain(name) in (one, *aliases):
            alike |= {one, *aliases}
    for names in ({plain(name)}, alike):
        found = [
            (place, key)
            for place in places
            for key, held in place.items()
            if isinstance(key, str) and plain(key).removeprefix("current_") in names
            if isinstance(held, int | float | tuple | list) and held == old
        ]
        if found:
            break
    else:
        found = [(attributes, key) for key, held in attributes.items() if held is old]
        if len(found) > 1 or not isinstance(old, float):
            found = []
    for place, key in found:
        place[key] = value
    if not found and isinstance(value, tuple | list):
        for pair in PAIRS.get(name, ()):
            for key in [key for key in attributes if plain(key) in pair]:
                attributes[key] = value[pair.index(plain(key))]


class Factory(Function):
    """A function, or class, of the hyperparameters that makes `init` and `update`."""

    form = "factory"
    begins = "taken as functions init and update, made from the hyperparameters, for"

    def __init__(self, rule, given, values):
        self.rule = rule
        self.makes_with = arguments(rule, given)
        self.own = hyperparameters(self.makes_with)
        self.made_from = None
        parts = _parts(self._make(values))
        self.arguments = arguments(parts[1])
        self.roles = {each.role for each in self.arguments}
        self.has_get = len(parts) == 3

    def _make(self, own):
        return self.rule(**{name: own[name] for name in self.own if name in own})

    def make(self, parameters, own):
        """Make the functions."""
        return _parts(self._make(own))

    def function(self, made):
        """Return update."""
        return made[1]

    def change(self, made, parameters, old, own):
        """Make the functions again: their state is outside them."""
        return made if own == old else _parts(self._make(own))

    def start(self, made, parameters):
        """Return the initial state."""
        return made[0](parameters)


def _parts(made):
    """Return init and update, and get_params if there is one."""
    if hasattr(made, "init") and hasattr(made, "update"):
        return made.init, made.update
    if isinstance(made, tuple | list) and len(made) in (2, 3) and all(map(callable, made)):
        return tuple(made)
    raise RuleError("it makes no pair of functions init and update from its hyperparameters")
