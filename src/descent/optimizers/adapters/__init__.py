"""Optimizers of other frameworks, called like rules of the canonical form.

One file for each framework, with a function `adapt(rule, given)`, which returns None for what is
not of that framework. A framework is imported by whoever names an optimizer of it, never here.
"""

import importlib
import sys

#: The frameworks, by the names of their packages, which are also those of the files here.
FRAMEWORKS = ("optax", "keras")


def adapt(rule, given):
    """Adapt an optimizer of another framework.

    Parameters
    ----------
    rule : callable or type
    given : dict
        The hyperparameters that the user gives, by torch's names or by those of the framework.

    Returns
    -------
    (callable, list of str) or None
        `rule(parameters, gradients, state, **hyperparameters)`, and which hyperparameters have
        another name in the framework; None if it is of no framework that is imported.

    Raises
    ------
    descent.errors.HyperparameterError
        If it does not take the hyperparameters.
    """
    for name in FRAMEWORKS:
        if name in sys.modules:
            framework = importlib.import_module(f"descent.optimizers.adapters.{name}_")
            if adapted := framework.adapt(rule, given):
                return adapted
    return None
