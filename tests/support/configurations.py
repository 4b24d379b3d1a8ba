"""Configurations for tests: the project's default with changes."""

from pathlib import Path

from descent.experiment import configuration

PROJECT = Path(__file__).parents[2]
DEFAULT = PROJECT / "config" / "config.yaml"
SCHEMA = PROJECT / "workflow" / "schemas" / "config.schema.yaml"


def resolve(overrides, default=DEFAULT):
    return configuration.resolve(default, SCHEMA, overrides)


def configure(**overrides):
    return resolve(overrides)


MINE = {"optimizer": "scratch.sgd", "lr": 1}


def variant(**settings):
    return {"comparisons": {"mine": {"x": settings}}}
