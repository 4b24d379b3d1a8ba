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
    if not inspect.isfunction(rule):
        return None
    is_optaxs = str(rule.__module__).partition(".")[0] == "optax"
    try:
        adapted = _Optax(rule, given)
        made = rule(**adapted.translation.own(dict(given)))
    except Exception:
        if is_optaxs:
            raise
        return None
    if not isinstance(made, optax.GradientTransformation):
        if is_optaxs:
            raise RuleError(f"{rule.__name__} returns no gradient transformation")
        return None
    return adapted, adapted.translation.words()


class _Optax(Foreign):
    """A gradient transformation; its state is what optax keeps.

    Hyperparameters are constants of the compiled step, as they are where optax is used: as float32
    arguments, `1 - b2` would lose four digits. The learning rate is an argument of it, so that a
    schedule compiles nothing. Where others change, steps are not compiled.
    """

    def __call__(self, parameters, gradients, state, **hyperparameters):
        own = self.translation.own(hyperparameters)
        if None in gradients:
            raise RuleError("optax needs a gradient for every parameter")
        if parameters[0].device.type != "cpu":
            raise RuleError("optax is run on the CPU only; leave out the device")
        with jax.enable_x64(parameters[0].dtype == torch.float64):
            weights, gradients = map(_to_jax, (parameters, gradients))
            if not state:
                state |= {"constants": own, "optax": self.rule(**own).init(weights)}
            constants, rate = dict(state["constants"]), self.translation.names.get("lr")
            changed = {name for name in own if own[name] != constants[name]}
            if changed <= {rate}:
                key = tuple(sorted((name, constants[name]) for name in own if name != rate))
                step = _compiled(self.rule, key, rate)
            else:
                step = functools.partial(_step, self.rule, tuple(own.items()), rate)
            try:
                weights, state["optax"] = step(weights, gradients, state["optax"], own.get(rate))
            except TypeError as error:
                if "required keyword-only argument" not in str(error):
                    raise
                raise RuleError(
                    f"{self.__name__} needs more than gradients ({error}), which this does not give"
                ) from None
        for parameter, weight in zip(parameters, weights, strict=True):
            parameter.copy_(torch.from_numpy(np.array(weight)))


def _to_jax(tensors):
    return [jax.numpy.asarray(tensor.detach().contiguous().numpy()) for tensor in tensors]


def _step(rule, constants, rate_name, weights, gradients, kept, rate):
    own = dict(constants) | ({} if rate_name is None else {rate_name: rate})
    updates, kept = rule(**own).update(gradients, kept, weights)
    return optax.apply_updates(weights, updates), kept


@functools.lru_cache(maxsize=64)
def _compiled(rule, constants, rate_name):
    return jax.jit(functools.partial(_step, rule, constants, rate_name))
