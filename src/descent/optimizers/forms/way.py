"""A way to call a user's rule that does not have the canonical form."""

import copy
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
import torch

from descent.errors import ForbiddenByTorchError, RuleError
from descent.optimizers.form_names import role
from descent.optimizers.forms import containers
from descent.optimizers.forms.outside import Outside
from descent.optimizers.forms.sources import Function
from descent.optimizers.translation import Translation

#: What a rule that divides by a batch size gets; a power of 2, so that dividing is exact.
BATCH = 64

_IN_PLACE = ("a leaf Variable that requires grad", "is being modified inplace with grad mode")


@dataclass(frozen=True)
class Returned:
    """What a rule returns: at which places the parameters, states and config are."""

    parameters: int | None = None
    is_update: bool = False
    states: dict = field(default_factory=dict)
    config: int | None = None


@dataclass(frozen=True)
class Way:
    """A way to call a rule; calling it is calling a canonical rule.

    Attributes
    ----------
    source : descent.optimizers.forms.sources.Function
        Where the function that takes a step comes from.
    container, arrays, prefix : str
        How it gets parameters and gradients, see `descent.optimizers.forms.containers`.
    initial : callable
        Makes the states, see `descent.optimizers.forms.initial`.
    start : int
        Where its counters begin.
    outside : descent.optimizers.forms.outside.Outside
    translation : descent.optimizers.translation.Translation
    config : dict
        What its config begins with, besides hyperparameters.
    config_names : tuple of str
        The hyperparameters that its config holds.
    returned : Returned
    """

    source: Function
    container: str
    arrays: str
    prefix: str
    initial: object
    start: int
    outside: Outside
    translation: Translation
    config: dict = field(default_factory=dict)
    config_names: tuple = ()
    returned: Returned = Returned()

    def __call__(self, parameters, gradients, state, **hyperparameters):
        """Take a step as a canonical rule does."""
        self.results(parameters, gradients, state, hyperparameters)

    def results(self, parameters, gradients, state, hyperparameters):
        """Take a step, and return what the user's function returns, for each time it is called."""
        own = self._own(hyperparameters)
        if self._batch(own) != 1:
            gradients = [self._batch(own) * gradient for gradient in gradients]
        groups = self._groups(parameters), self._groups(gradients)
        mode = torch.enable_grad() if self.arrays == "leaf" else nullcontext()
        try:
            # NumPy would warn of NaN and infinity, which torch computes with silently
            with mode, np.errstate(all="ignore"), self.outside.of(state, own):
                if "units" not in state:
                    state["units"] = [self._begin(tensors, own) for tensors in groups[0]]
                steps = zip(state["units"], *groups, strict=True)
                return [self._step(*unit, own) for unit in steps]
        except RuntimeError as error:
            if not any(part in str(error) for part in _IN_PLACE):
                raise
            raise ForbiddenByTorchError(
                "it changes parameters that require gradients, which torch refuses in every "
                "training loop; put the update under `with torch.no_grad():`"
            ) from None

    def _own(self, hyperparameters):
        own = self.translation.own(hyperparameters)
        for name in [*self.batch_names(), *self.config]:
            if role(name) == "batch":
                own.setdefault(name, BATCH)
        return own

    def batch_names(self):
        """List the arguments and global variables that are a batch size."""
        arguments = [each.name for each in self.source.arguments if each.role == "batch"]
        return [*arguments, *(name for name in self.outside.numbers if role(name) == "batch")]

    def _batch(self, own):
        sizes = [value for name, value in own.items() if role(name) == "batch"]
        return sizes[0] if sizes else 1

    def _groups(self, tensors):
        """List the tensors of each call: those of one tensor, or all."""
        if self.container == "single":
            return [[tensor] for tensor in tensors]
        tensors = list(tensors)
        if self.container in containers.PAIRED and len(tensors) % 2:
            # a bias of one 0 for the last matrix: such rules count layers in pairs
            tensors.append(tensors[0].new_zeros(1))
        return [tensors]

    def _begin(self, tensors, own):
        items = [containers.item(tensor, self.arrays) for tensor in tensors]
        parameters = containers.build(self.container, items)
        made = self.source.make(parameters, own)
        return {
            "items": items,
            "parameters": parameters,
            "made": made,
            "states": self.initial(made, parameters, items),
            "config": copy.copy(self.config),
            "count": self.start,
            "own": own,
        }

    def _step(self, unit, tensors, gradients, own):
        if unit["own"] != own:
            unit["made"] = self.source.change(unit["made"], unit["parameters"], unit["own"], own)
            unit["own"] = own
        self._refresh(unit, tensors)
        gradients = [containers.gradient_item(each, self.arrays) for each in gradients]
        if self.arrays in ("leaf", "box"):
            containers.give_gradients(self._items(unit, tensors), gradients)
        if self.container == "layers":
            for index, layer in enumerate(unit["parameters"]):
                layer.dweights, layer.dbiases = gradients[2 * index : 2 * index + 2]
        unit["config"].update({name: own[name] for name in self.config_names})
        result = self._call(unit, gradients, own)
        if self.container == "list" and self.arrays == "leaf":
            _refuse_other_tensors(unit)
        unit["count"] += 1
        self._take(unit, tensors, result)
        for each, tensor in zip(self._items(unit, tensors), tensors, strict=True):
            containers.bring_home(each, tensor)
        if self.arrays == "leaf" or self.container == "layers":
            self.source.after(unit["made"])
        return result

    def _items(self, unit, tensors):
        """Return the items that hold the parameters now."""
        given = self.source.made_from or self.container == "list"
        if self.arrays in ("leaf", "box") and given and self.returned.parameters is None:
            return unit["items"]  # those of the network; it does not see what is put in their place
        found = unit["parameters"]
        if self.source.made_from:
            for name, value in getattr(unit["made"], "__dict__", {}).items():
                if role(name) == "parameters" and containers.fits(self.container, value, tensors):
                    found = value
        items = containers.read(self.container, found, len(tensors))
        return unit["items"] if items is None else items

    def _refresh(self, unit, tensors):
        items = self._items(unit, tensors)
        now = [containers.refresh(*pair, self.arrays) for pair in zip(items, tensors, strict=True)]
        if any(one is not other for one, other in zip(items, now, strict=True)):
            unit["parameters"] = containers.build(self.container, now)

    def _call(self, unit, gradients, own):
        function = self.source.function(unit["made"])
        have = {
            "parameters": unit["parameters"],
            "model": unit["parameters"],
            "gradients": self._gradients(gradients),
            "config": unit["config"],
            "counter": unit["count"],
        }
        if self.container != "layers":
            return self._call_with(function, have, unit["states"], own)
        getattr(unit["made"], "pre_update_params", lambda: None)()
        for layer in unit["parameters"]:
            self._call_with(function, {**have, "layer": layer}, unit["states"], own)
        return None

    def _gradients(self, gradients):
        if self.container in ("model", "layers"):
            return gradients
        return containers.build(self.container, gradients, self.prefix)

    def _call_with(self, function, have, states, own):
        have = own | states | have
        by_position, by_name = [], {}
        for each in self.source.arguments:
            key = each.role if each.role in have else each.name
            if key not in have:
                continue  # an argument of __init__, or one that has a default
            if each.only_by_position:
                by_position.append(have[key])
            else:
                by_name[each.name] = have[key]
        return function(*by_position, **by_name)

    def elements(self, result, tensors):
        """Return the parts of a result: parameters, states and config."""
        if result is None:
            return []
        if containers.fits(self.container, result, tensors) or not isinstance(result, tuple | list):
            return [result]
        return list(result)

    def _take(self, unit, tensors, result):
        if getattr(self.source, "has_get", False):
            (name,) = unit["states"]
            unit["states"][name] = result
            unit["parameters"] = unit["made"][2](result)
            return
        parts, places = self.elements(result, tensors), self.returned
        if places.parameters is not None:
            new = parts[places.parameters]
            if places.is_update:
                old = containers.read(self.container, unit["parameters"], len(tensors))
                new = containers.read(self.container, new, len(tensors))
                new = [one + other for one, other in zip(old, new, strict=True)]
                new = containers.build(self.container, new)
            unit["parameters"] = new
        for name, place in places.states.items():
            unit["states"][name] = parts[place]
        if places.config is not None:
            unit["config"] = parts[places.config]


def _refuse_other_tensors(unit):
    now = unit["parameters"]
    if any(one is not other for one, other in zip(now, unit["items"], strict=False)):
        raise RuleError(
            "it puts new tensors into the list, which the network does not see; change the "
            "parameters in place, as in p.sub_(lr * p.grad)"
        )
