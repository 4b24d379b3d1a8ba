"""Optimizers of other frameworks, called like rules of the canonical form.

One file for each framework, with a function `adapt(rule, given)`, which returns None for what is
not of that framework. A framework is imported by whoever names an optimizer of it, never here.
"""

import sys


def adapt(rule, given):
    """Adapt an optimizer of another framework.

    Parameters
    ----------
    rule : callable or type
    given : dict
        The hyperparameters that the user gives, by torch's names or by those of the framework.

    Returns
    -------
    descent.optimizers.adapters.foreign.Foreign or None
        None if it is of no framework that is imported.

    Raises
    ------
    descent.errors.HyperparameterError
        If it does not take the hyperparameters.
    descent.errors.RuleError
        If it is of a framework, but cannot be used.
    """
    adapted = None
    if "optax" in sys.modules:
        from descent.optimizers.adapters import optax_

        adapted = optax_.adapt(rule, given)
    if adapted is None and "keras" in sys.modules:
        from descent.optimizers.adapters import keras_

        adapted = keras_.adapt(rule, given)
    return adapted
