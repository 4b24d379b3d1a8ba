"""What the adapters of all frameworks have in common."""

import inspect
from inspect import Parameter, Signature

from descent.errors import RuleError
from descent.optimizers.translation import translate

_LEADING = ("parameters", "gradients", "state")
_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


class Foreign:
    """A canonical rule that calls an optimizer of another framework.

    Its memory is in `state`: hyperparameters, and the tensors that the framework keeps. Whatever
    else an adapter keeps can be made again.

    Parameters
    ----------
    rule : callable or type
        Called with hyperparameters, it returns an optimizer of the framework.
    given : dict
        Hyperparameters that the user gives.

    Attributes
    ----------
    framework, kind : str
        Its name, and what the rule is of it, for messages.

    Raises
    ------
    descent.errors.HyperparameterError
        If the rule does not take these.
    """

    framework: str
    kind: str

    def __init__(self, rule, given):
        own = {
            each.name: each.default
            for each in inspect.signature(rule).parameters.values()
            if each.kind not in _VARIADIC
        }
        self.rule, self._given = rule, dict(given)
        self.translation = translate(own, given)
        self.__name__ = getattr(rule, "func", rule).__name__  # of a partial
        self.__signature__ = Signature(
            [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in _LEADING]
            + [
                Parameter(name, Parameter.KEYWORD_ONLY, default=default)
                for name, default in self.translation.defaults.items()
            ]
        )

    def __reduce__(self):
        return type(self), (self.rule, self._given)

    def __call__(self, parameters, gradients, state, **hyperparameters):
        """Take a step, see `descent.optimizers.step`."""
        if None in gradients:
            raise RuleError(f"{self.framework} needs a gradient for every parameter")
        if parameters[0].device.type != "cpu":
            raise RuleError(f"{self.framework} runs on the CPU only here; leave out the device")
        self.step(parameters, gradients, state, self.translation.own(hyperparameters))

    def step(self, parameters, gradients, state, own):
        """Take a step with hyperparameters by their own names."""
        raise NotImplementedError
