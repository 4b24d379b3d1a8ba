"""Hyperparameters as people write them, on the command line and in YAML."""

import math

import yaml

from descent.errors import UsageError


def read_pairs(option, pairs):
    """Parse hyperparameters as YAML, but also read `1e-3` as a number.

    Parameters
    ----------
    option : str
        The option of the command line, for messages.
    pairs : list of str
        Such as `lr=0.01`.

    Returns
    -------
    dict

    Raises
    ------
    UsageError
        If one is not KEY=VALUE, is given twice, or has no value of YAML.
    """
    settings = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        key = key.strip()
        if not (key.isidentifier() and equals):
            better = key.replace("-", "_")
            hint = f"; did you mean {better}?" if better != key and better.isidentifier() else ""
            raise UsageError(f"{option} {pair}: must be KEY=VALUE, such as lr=0.01{hint}")
        if key in settings:
            raise UsageError(f"{option} {pair}: {key} is given twice")
        if not text.strip():
            raise UsageError(f"{option} {pair}: the value is missing, as in lr=0.01")
        try:
            value = yaml.safe_load(_as_yaml(text.strip()))
        except (yaml.YAMLError, ValueError):  # ValueError: a date that does not exist
            raise UsageError(f"{option} {pair}: the value is not valid YAML") from None
        settings[key] = read_number(value)
    return settings


def _as_yaml(text):
    """Turn what Python writes differently into YAML: a tuple, and None."""
    if text.startswith("(") and text.endswith(")"):
        return f"[{text[1:-1]}]"
    return "null" if text == "None" else text


def read_number(value):
    """Read what YAML takes for a text as a number, if it is one, also in a list or dict.

    Raises
    ------
    UsageError
        If a number is not finite.
    """
    if isinstance(value, dict):
        return {key: read_number(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [read_number(item) for item in value]
        # as in [0, 0.99]: torch refuses a pair of which only one is an integer
        kinds = {type(item) for item in items}
        return list(map(float, items)) if kinds == {int, float} else items
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    if isinstance(value, int | float) and not _is_finite(value):
        raise UsageError(f"{str(value)[:20]}: a hyperparameter must be finite")
    return value


def _is_finite(value):
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer too large for a float
        return False
