"""Optimizers that are meant to be the same, such as one of another package.

In: an optimizer at its settings, and another one. Out: the settings with which the other takes its
steps, confirmed by a check.
"""
