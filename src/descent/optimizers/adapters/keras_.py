"""Keras 3: a subclass of its optimizers is a rule."""

import keras
import torch

from descent.errors import RuleError
from descent.optimizers.adapters.foreign import Foreign


def adapt(rule, given):
    """Adapt a subclass of `keras.optimizers.Optimizer`, see `adapters.adapt`."""
    if not (isinstance(rule, type) and issubclass(rule, keras.optimizers.Optimizer)):
        return None
    adapted = _Keras(rule, given)
    return adapted, adapted.translation.words()


class _Keras(Foreign):
    """An optimizer of Keras, with variables of its own, on the CPU."""

    def __call__(self, parameters, gradients, state, **hyperparameters):
        own = self.translation.own(hyperparameters)
        if None in gradients:
            raise RuleError("Keras needs a gradient for every parameter")
        dtype = str(parameters[0].dtype).removeprefix("torch.")
        default = keras.config.floatx()
        keras.config.set_floatx(dtype)
        try:
            with keras.device("cpu"):
                if not state:
                    variables = [keras.Variable(each.numpy(force=True), dtype=dtype) for each in parameters]
                    optimizer = self.rule(**own)
                    optimizer.build(variables)
                    state |= {"given": own, "optimizer": optimizer, "variables": variables}
                optimizer, variables = state["optimizer"], state["variables"]
                for name, value in own.items():
                    if state["given"][name] != value:
                        setattr(optimizer, name, value)
                state["given"] = own
                for variable, parameter in zip(variables, parameters, strict=True):
                    variable.assign(parameter.numpy(force=True))
                optimizer.apply(
                    [keras.ops.convert_to_tensor(each.numpy(force=True)) for each in gradients],
                    variables,
                )
        finally:
            keras.config.set_floatx(default)
        for parameter, variable in zip(parameters, variables, strict=True):
            parameter.copy_(torch.from_numpy(keras.ops.convert_to_numpy(variable).copy()))
