"""optax: a function that returns a gradient transformation is a rule."""

import functools
import inspect

import jax
import numpy as np
import optax
import torch

from descent.errors import RuleError
from descent.optimizers.adapters.foreign import Foreign


def adapt(rule, given):
    """Adapt a function that returns a gradient transformation, see `adapters.adapt`."""
    function = getattr(rule, "func", rule)  # of a partial
    if not inspect.isfunction(function):
        return None
    is_optaxs = function.__module__.partition(".")[0] == "optax"
    try:
        adapted = _Optax(rule, given)
        made = rule(**adapted.translation.own(dict(given)))
    except Exception:  # a user's function may raise anything
        if is_optaxs:
            raise
        return None
    if not isinstance(made, optax.GradientTransformation):
        if is_optaxs:
            raise RuleError(f"{adapted.__name__} returns no gradient transformation")
        return None
    return adapted


class _Optax(Foreign):
    """A gradient transformation; `state` has the leaves of what optax keeps.

    Hyperparameters are constants of the compiled step, as they are where optax is used: as float32
    arguments, `1 - b2` would lose four digits. The learning rate is an argument of it, so that a
    schedule compiles nothing. Where others change, steps are not compiled.
    """

    framework, kind = "optax", "a gradient transformation of optax"

    def step(self, parameters, gradients, state, own):
        """Take a step, see `Foreign`."""
        own = {name: _hashable(value) for name, value in own.items()}
        rate = self.translation.names.get("lr")
        with jax.enable_x64(parameters[0].dtype == torch.float64):
            weights, gradients = (
                [jax.numpy.asarray(tensor.detach().contiguous().numpy()) for tensor in tensors]
                for tensors in (parameters, gradients)
            )
            if not state:
                state |= {"constants": own, "kept": _leaves(self.rule(**own).init(weights))}
            begun_with = state["constants"]
            if {name for name in own if own[name] != begun_with[name]} <= {rate}:
                constants = {name: value for name, value in begun_with.items() if name != rate}
                step = _compiled(self.rule, tuple(sorted(constants.items())), rate)
            else:
                step = functools.partial(_step, self.rule, tuple(own.items()), rate)
            kept = [leaf.numpy() for leaf in state["kept"]]
            try:
                weights, kept = step(weights, gradients, kept, own.get(rate))
            except jax.errors.ConcretizationTypeError:  # it looks at the value of its rate
                step = functools.partial(_step, self.rule, tuple(own.items()), rate)
                weights, kept = step(weights, gradients, kept, own.get(rate))
            except TypeError as error:
                if "required keyword-only argument" not in str(error):
                    raise
                raise RuleError(
                    f"{self.__name__} needs more than gradients ({error}), which this does not give"
                ) from None
            state["kept"] = _leaves(kept)
        for parameter, weight in zip(parameters, _leaves(weights), strict=True):
            parameter.copy_(weight)


def _hashable(value):
    return tuple(value) if isinstance(value, list) else value


def _leaves(tree):
    return [torch.from_numpy(np.array(leaf)) for leaf in jax.tree.leaves(tree)]


def _step(rule, constants, rate_name, weights, gradients, kept, rate):
    own = dict(constants) | ({} if rate_name is None else {rate_name: rate})
    transformation = rule(**own)
    tree = jax.tree.structure(transformation.init(weights))
    updates, after = transformation.update(gradients, jax.tree.unflatten(tree, kept), weights)
    return optax.apply_updates(weights, updates), jax.tree.leaves(after)


@functools.lru_cache(maxsize=64)
def _compiled(rule, constants, rate_name):
    return jax.jit(functools.partial(_step, rule, constants, rate_name))
