"""Optimizers: every way to update parameters, behind one interface.

In: the name of an optimizer and its hyperparameters. Out: a step that updates parameters in place.

`spec` parses names; `source` finds where a name is defined, and `signatures` its hyperparameters,
without importing torch; `step` binds an optimizer to parameters; `loading` imports users' files,
`user_rules` tries their rules out and says what is wrong; `scaffold` writes a template for one.
`scratch/` has the included update rules, one per file.
"""
