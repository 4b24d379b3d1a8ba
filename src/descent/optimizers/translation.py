"""Hyperparameters by other names: `learning_rate` is `lr`, `beta1` and `beta2` are `betas`."""

import itertools
from dataclasses import dataclass
from inspect import Parameter

from descent.errors import HyperparameterError
from descent.optimizers.form_names import ALIASES, PAIRS, hint, is_hyperparameter, plain

#: Marks a name that has no default.
MISSING = Parameter.empty


@dataclass(frozen=True)
class Translation:
    """What a rule's own names are in the names that the user gives.

    Attributes
    ----------
    names : dict
        Maps a given name to the rule's own name, or to a pair of them.
    defaults : dict
        Maps every name that may be given to its default, or to MISSING.
    """

    names: dict
    defaults: dict

    def own(self, values):
        """Translate values by given names into values by the rule's own names."""
        own = {}
        for name, value in values.items():
            if name not in self.names:
                raise HyperparameterError(f"{name}: the rule takes no {name} here")
            theirs = self.names[name]
            if isinstance(theirs, tuple):
                own.update(zip(theirs, value, strict=True))
            else:
                own[theirs] = value
        return own

    def words(self):
        """Say what was translated, a phrase for each name."""
        return [
            f"{' and '.join(own)} are {name}" if isinstance(own, tuple) else f"{own} is {name}"
            for name, own in self.names.items()
            if own != name
        ]


def translate(own, given):
    """Find the rule's own names for the given hyperparameters.

    Parameters
    ----------
    own : dict
        Maps the names that the rule has to their defaults, or to MISSING.
    given : iterable of str
        The names that the user gives.

    Returns
    -------
    Translation

    Raises
    ------
    HyperparameterError
        If the rule does not take a hyperparameter, needs one that is missing, or could take one
        under several names.
    """
    given = list(given)
    best, found = None, []
    for choice in itertools.product(*(_options(name, own) for name in given)):
        taken = [each for theirs in choice for each in _flat(theirs)]
        if len(set(taken)) < len(taken):
            continue
        needed = sum(own[each] is MISSING for each in taken)
        exact = sum(name == theirs for name, theirs in zip(given, choice, strict=True))
        score = (sum(theirs is not None for theirs in choice), needed, exact)
        if best is None or score > best:
            best, found = score, []
        if score == best:
            found.append(choice)
    _refuse(own, given, found)
    names = dict(zip(given, found[0], strict=True))
    names |= _named_alike(own, names)
    defaults = {}
    for name, theirs in names.items():
        values = tuple(own[each] for each in _flat(theirs))
        if any(value is MISSING for value in values):
            defaults[name] = MISSING
        else:
            defaults[name] = values if isinstance(theirs, tuple) else values[0]
    return Translation(names, defaults)


def _flat(theirs):
    return () if theirs is None else theirs if isinstance(theirs, tuple) else (theirs,)


def _options(name, own):
    """List the own names that a given name may stand for; None if there is none."""
    if name in own and plain(name) != "alpha":
        return [name]
    written = {plain(each): each for each in own}
    options = [name] if name in own else []
    options += [written[alias] for alias in ALIASES.get(name, ()) if alias in written]
    if name not in own and name in written:
        options.append(written[name])
    for one, other in PAIRS.get(name, ()):
        if one in written and other in written:
            options.append((written[one], written[other]))
    return [*dict.fromkeys(options), None]


def _refuse(own, given, found):
    taken = {each for theirs in found[0] for each in _flat(theirs)}
    takes = ", ".join(own) or "none"
    for index, name in enumerate(given):
        options = {choice[index] for choice in found}
        if options == {None}:
            raise HyperparameterError(f"{name}: the rule takes no {name} here; it takes {takes}")
        if len(options) > 1:
            either = " or ".join(sorted(map(str, options)))
            raise HyperparameterError(
                f"{name}: this may be {either} of the rule; give it by the name that is meant"
            )
    for name, default in own.items():
        if default is MISSING and name not in taken:
            what = "missing" if is_hyperparameter(name) else "what to call the rule with is unknown"
            raise HyperparameterError(f"{name}: {what}; the rule needs {takes}{hint(name, own)}")


def _named_alike(own, names):
    """Name what is left at its default like torch does, where that is plain."""
    taken = {each for theirs in names.values() for each in _flat(theirs)}
    left = {plain(each): each for each in own if each not in taken}
    found = {}
    for name, pairs in PAIRS.items():
        for one, other in pairs:
            if name not in names and one in left and other in left:
                found[name] = (left.pop(one), left.pop(other))
    for short, each in left.items():
        meanings = [name for name, aliases in ALIASES.items() if short in aliases]
        plainly = len(meanings) == 1 and meanings[0] not in {*names, *found, *own}
        found[meanings[0] if plainly else each] = each
    return found
