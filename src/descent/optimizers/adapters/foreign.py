"""What the adapters of all frameworks have in common."""

import inspect
from inspect import Parameter, Signature

from descent.optimizers.forms.translation import translate

_LEADING = ("parameters", "gradients", "state")
_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


class Foreign:
    """A canonical rule that calls an optimizer of another framework.

    Parameters
    ----------
    rule : callable or type
        Called with hyperparameters, it returns an optimizer of the framework.
    given : dict
        Hyperparameters that the user gives.

    Raises
    ------
    descent.errors.HyperparameterError
        If the rule does not take these.
    """

    def __init__(self, rule, given):
        own = {
            each.name: each.default
            for each in inspect.signature(rule).parameters.values()
            if each.kind not in _VARIADIC
        }
        self.rule = rule
        self.translation = translate(own, given)
        self.__name__ = rule.__name__
        self.__signature__ = Signature(
            [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in _LEADING]
            + [
                Parameter(name, Parameter.KEYWORD_ONLY, default=default)
                for name, default in self.translation.defaults.items()
            ]
        )
