"""Landscapes: the way of update rules over test functions of two variables.

In: optimizers with hyperparameters. Out: their trajectories, which `reporting` draws.

- `functions`: the test functions, each with its source, its minima and a place to start.
- `trajectories`: the way of a rule, stepped as `descent check` steps it.
"""
