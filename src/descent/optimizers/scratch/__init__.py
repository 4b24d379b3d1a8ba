"""The included update rules, one per file; `scratch.<rule>` is the function of that name.

In: lists of parameters and gradients, a `state` dict and hyperparameters. Out: nothing; the
parameters are updated in place. `descent.optimizers.step` defines this interface.
"""
