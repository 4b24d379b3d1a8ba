"""Optimizers of other packages that are meant to be the same: the settings that make them equal."""
