"""A wrong update rule, as data: an included rule's source with a few edits, or a wrapper of it."""

import functools
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Mutant:
    """A mistake in an update rule.

    Attributes
    ----------
    rule : str
        The rule of `descent.optimizers.scratch` that it is made from.
    name : str
        Unique among the mutants of the rule.
    says : str
        The mistake in words that go on after "this looks like <reference> with a mistake:".
    edits : tuple of pair of str
        Old and new text, replaced one after the other in the source of the rule; each old text
        occurs exactly once.
    settings : dict
        Hyperparameters at which the mistake shows; the others have their defaults.
    wrapper : callable, optional
        `wrapper(step, parameters, gradients, state, settings)` takes a wrong step with the help of
        the right rule, `step(parameters, gradients, state, **settings)`.
    late : int
        First iteration in which the mistake shows; 0 if it does so within a few.
    changing : bool
        Whether the mistake shows only when hyperparameters change.
    special : str
        What has to be unusual for the mistake to show: `not finite` or `tiny` gradients, or `large`
        weights.
    seen : str
        A public issue or pull request with this mistake, `owner/repository#number`.
    """

    rule: str
    name: str
    says: str
    edits: tuple = ()
    settings: dict = field(default_factory=dict)
    wrapper: Callable | None = None
    late: int = 0
    changing: bool = False
    special: str = ""
    seen: str = ""


def make(mutant):
    """Return the wrong update rule as a function like those of `descent.optimizers.scratch`.

    It works on one network at a time. What it remembers outside its state is new at each call of
    `make`.

    Parameters
    ----------
    mutant : Mutant

    Returns
    -------
    callable
    """
    names = {"__name__": f"{mutant.rule} with {mutant.name}"}
    exec(_compiled(mutant), names)
    rule = names[mutant.rule]
    return _wrapped(rule, mutant.wrapper) if mutant.wrapper else rule


@functools.cache
def _compiled(mutant):
    source = source_of(mutant.rule)
    for old, new in mutant.edits:
        if source.count(old) != 1:
            raise ValueError(f"{mutant.rule}, {mutant.name}: {source.count(old)} times {old!r}")
        source = source.replace(old, new)
    return compile(source, f"<{mutant.rule} with {mutant.name}>", "exec")


@functools.cache
def source_of(rule):
    """Return the source of an included update rule."""
    return inspect.getsource(importlib.import_module(f"descent.optimizers.scratch.{rule}"))


def _wrapped(rule, wrapper):
    @functools.wraps(rule)
    def wrong(parameters, gradients, state, **settings):
        wrapper(rule, parameters, gradients, state, settings)

    return wrong
