"""Configurations for tests: the project's default with changes."""

from pathlib import Path

import pytest

from descent.errors import ConfigurationError
from descent.experiment import configuration

PROJECT = Path(__file__).parents[2]
DEFAULT = PROJECT / "config" / "config.yaml"
SCHEMA = PROJECT / "workflow" / "schemas" / "config.schema.yaml"


def resolve(overrides, default=DEFAULT):
    return configuration.resolve(default, SCHEMA, overrides)


def configure(**overrides):
    return resolve(overrides)


def refusal(overrides):
    """Return the one line that says what is wrong with a configuration."""
    with pytest.raises(ConfigurationError) as error:
        resolve(overrides)
    [line] = str(error.value).splitlines()
    assert len(line) < 300
    return line


MINE = {"optimizer": "scratch.sgd", "lr": 1}


def variant(**settings):
    return {"comparisons": {"mine": {"x": settings}}}
