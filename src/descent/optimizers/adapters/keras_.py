"""Keras 3: a subclass of its optimizers is a rule. It computes with torch."""

import contextlib

import keras
import torch

from descent.errors import RuleError
from descent.optimizers.adapters.foreign import Foreign


def adapt(rule, given):
    """Adapt a subclass of `keras.optimizers.Optimizer`, see `adapters.adapt`."""
    if not (isinstance(rule, type) and issubclass(rule, keras.optimizers.Optimizer)):
        return None
    if keras.config.backend() != "torch":
        raise RuleError(
            f"Keras computes with {keras.config.backend()} in this process; set the environment "
            "variable KERAS_BACKEND=torch before it is imported"
        )
    return _Keras(rule, given)


class _Keras(Foreign):
    """An optimizer of Keras; `state` has the values of its variables."""

    framework, kind = "Keras", "an optimizer of Keras, which computes with torch"

    def __init__(self, rule, given):
        super().__init__(rule, given)
        self._made = {}

    def step(self, parameters, gradients, state, own):
        """Take a step, see `Foreign`."""
        with _floatx(str(parameters[0].dtype).removeprefix("torch.")), keras.device("cpu"):
            state.setdefault("constants", own)
            optimizer, variables, fresh, current = self._make(parameters, state["constants"])
            if "variables" not in state:
                if fresh is None:
                    fresh = _values(self._build(parameters, state["constants"])[0].variables)
                state["variables"] = [value.clone() for value in fresh]
            for variable, value in zip(optimizer.variables, state["variables"], strict=True):
                variable.assign(value)
            for variable, parameter in zip(variables, parameters, strict=True):
                variable.assign(parameter.detach())
            for name, value in own.items():
                if name == "learning_rate" or current[name] != value:
                    setattr(optimizer, name, value)
            current |= own
            optimizer.apply(gradients, variables)
            state["variables"] = _values(optimizer.variables)
        for parameter, value in zip(parameters, _values(variables), strict=True):
            parameter.copy_(value)

    def _make(self, parameters, constants):
        """Make an optimizer for networks of these shapes, or find it again.

        Returns
        -------
        optimizer : keras.optimizers.Optimizer
        variables : list of keras.Variable
            Like the parameters.
        fresh : list of torch.Tensor or None
            The values of its own variables before any step; None if they depend on the parameters.
        current : dict
            Its hyperparameters.
        """
        key = (parameters[0].dtype, *(each.shape for each in parameters), repr(constants))
        if key not in self._made:
            optimizer, variables = self._build(parameters, constants)
            fresh = _values(optimizer.variables)
            other, _ = self._build([each + 1 for each in parameters], constants)
            if not all(map(torch.equal, fresh, _values(other.variables))):
                fresh = None
            self._made[key] = optimizer, variables, fresh, dict(constants)
        return self._made[key]

    def _build(self, parameters, constants):
        """Make an optimizer with variables like the parameters."""
        optimizer = self.rule(**constants)
        variables = [keras.Variable(each.detach().clone()) for each in parameters]
        optimizer.build(variables)
        return optimizer, variables


def _values(variables):
    return [variable.value.detach().clone() for variable in variables]


@contextlib.contextmanager
def _floatx(dtype):
    before = keras.config.floatx()
    keras.config.set_floatx(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(before)
