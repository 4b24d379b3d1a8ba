"""Experiment: what the user asks for.

In: the configuration. Out: the runs to make, what they are compared with, and one line per problem.
The Snakefile imports these modules at every start, so none of them may import torch or pandas.

`configuration` merges and validates, `consistency` finds what a schema cannot, `plan` lists
variants and references, `sweeps` and `halving` lay out the search for hyperparameters.
"""
