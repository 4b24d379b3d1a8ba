"""Optimizers: every way to update parameters, behind one interface.

In: the name of an optimizer and its hyperparameters. Out: a step that updates parameters in place.

`spec` parses names, `signatures` reads hyperparameters without importing torch, `step` binds an
optimizer to parameters, `user_rules` loads users' files, and `scaffold` writes a template for one.
`scratch/` has the included update rules, one per file.
"""
