"""An optimizer with hyperparameters, ready to be bound to the parameters of one network."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from descent.optimizers import user_rules
from descent.optimizers.spec import parse
from descent.optimizers.step import bind, defaults, find


@dataclass(frozen=True)
class Contender:
    """An optimizer with hyperparameters.

    Attributes
    ----------
    name : str
        See `descent.optimizers.step.make_step`.
    settings : dict
        The hyperparameters that are given.
    rule : callable
        The function or class.
    blame : callable
        Returns a context that turns exceptions into a RuleError.
    groups : tuple of dict
        Hyperparameters of each group of parameters, if there are several; for classes only.
    """

    name: str
    settings: dict
    rule: Callable
    blame: Any = field(default=contextlib.nullcontext, repr=False)
    groups: tuple = ()

    @classmethod
    def load(cls, name, settings):
        """Load an optimizer by its name.

        Raises
        ------
        RuleError
            If it is in a user's file that cannot be loaded.
        """
        file = parse(name).file
        blame = partial(user_rules.blaming, file) if file else contextlib.nullcontext
        with blame():
            return cls(name, settings, find(name)[0], blame)

    @cached_property
    def values(self):
        """Every hyperparameter and its value: a given one, or a default."""
        return defaults(self.rule) | self.settings

    @property
    def is_class(self):
        """Whether it is a class, which gets gradients from its parameters."""
        return isinstance(self.rule, type)

    def changed(self, settings):
        """Return the same optimizer with some other hyperparameters."""
        return replace(self, settings=self.settings | settings)

    def make(self, parameters):
        """Bind the optimizer to a stack of one network, whose tensors may have any shape."""
        with self.blame():
            return _OfOneNetwork(self, parameters)


class _OfOneNetwork:
    """A step of one network; see `descent.optimizers.step.Step`.

    Hyperparameters that change are given as factors of what they were at the start, because the
    rule and its reference may have other values.
    """

    def __init__(self, contender, parameters):
        self._blame = contender.blame
        self._values = contender.values
        own = [parameter.detach()[0] for parameter in parameters]
        self._own = bind(contender.rule, own, contender.settings, contender.groups)

    def __call__(self, gradients, **changed):
        own = [None if gradient is None else gradient[0] for gradient in gradients]
        changed = {name: _times(self._values[name], factor) for name, factor in changed.items()}
        with self._blame():
            self._own(own, **changed)

    def hyperparameters(self):
        return self._own.hyperparameters()


def _times(value, factor):
    if isinstance(value, tuple | list):
        return type(value)(item * factor for item in value)
    return value * factor
