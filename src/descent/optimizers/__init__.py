"""Optimizers: every way to update parameters, called in one way.

In: the name of an optimizer and its hyperparameters. Out: a step that updates parameters in place.

`spec` takes names apart, `signatures` reads hyperparameters without importing torch, `step` binds
an optimizer to parameters, `user_rules` loads files of the user's own, `scaffold` writes a template
of one. `scratch/` has the included update rules, one file each.
"""
