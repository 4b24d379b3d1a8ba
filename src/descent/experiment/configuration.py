"""The configuration: merged into the default, parsed and validated.

The Snakefile imports this module at every start, so it must stay light: no torch, pandas or
matplotlib.
"""

import copy
import difflib
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from descent.errors import ConfigurationError
from descent.experiment.consistency import find_inconsistencies


def resolve(default_file, schema_file, overrides):
    """Merge `overrides` into the default configuration and validate the result.

    Parameters
    ----------
    default_file : path
        The default configuration, a YAML file.
    schema_file : path
        The JSON schema of the configuration, written in YAML.
    overrides : dict
        The values from `--configfile` and `--config`. Their `comparisons` replace those of the
        default entirely, unless they name only variants that the default has.

    Returns
    -------
    dict
        The valid configuration.

    Raises
    ------
    ConfigurationError
        With one line per wrong key: its path, its value and what is allowed.
    """
    schema = yaml.safe_load(Path(schema_file).read_text())
    default = yaml.safe_load(Path(default_file).read_text())
    if "comparisons" in overrides and not _names_only_existing(
        overrides["comparisons"], default["comparisons"]
    ):
        del default["comparisons"]
    config = _parse_scalars(_merge(default, overrides), schema)
    errors = list(Draft202012Validator(schema).iter_errors(config))
    problems = list(dict.fromkeys(line for error in errors for line in _explain(error)))
    problems = problems or find_inconsistencies(config)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return config


def _names_only_existing(comparisons, default):
    return isinstance(comparisons, dict) and all(
        isinstance(members, dict) and members.keys() <= default.get(name, {}).keys()
        for name, members in comparisons.items()
    )


def _merge(default, overrides):
    if not (isinstance(default, dict) and isinstance(overrides, dict)):
        return copy.deepcopy(overrides)
    merged = copy.deepcopy(default)
    for key, value in overrides.items():
        merged[key] = _merge(default.get(key), value)
    return merged


def _parse_scalars(value, schema):
    """Parse text as a number, boolean or list where the schema does not expect text.

    Snakemake passes on nested values of `--config` as text, and YAML reads `1e-3` as text.
    """
    if isinstance(value, dict):
        named, others = schema.get("properties", {}), schema.get("additionalProperties") or {}
        return {key: _parse_scalars(item, named.get(key, others)) for key, item in value.items()}
    if isinstance(value, list):
        return [_parse_scalars(item, schema.get("items", {})) for item in value]
    wanted = schema.get("type")
    if isinstance(value, str) and wanted != "string" and "enum" not in schema:
        try:
            parsed = yaml.safe_load(value)
            value = float(parsed) if isinstance(parsed, str) else parsed
        except (ValueError, yaml.YAMLError):
            return value
        if isinstance(value, dict | list):
            return _parse_scalars(value, schema)
    if wanted == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if wanted == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)  # `--config name=7` is a name
    return value


def _explain(error):
    """Say in one line per wrong key what its value is and what is allowed."""
    path, value, schema = list(map(str, error.absolute_path)), error.instance, error.schema
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        lines = []
        for unknown in (str(key) for key in value if key not in known):
            close = difflib.get_close_matches(unknown, known, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            key = ".".join([*path, unknown])
            lines.append(f"{key}: unknown key; {hint}Allowed: {', '.join(known)}")
        return lines
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in value]
        return [f"{'.'.join([*path, key])}: missing; this key is required" for key in missing]
    if "propertyNames" in error.absolute_schema_path:
        path.append(str(value))
    if error.parent is not None:
        schema = error.parent.schema
    shown = repr(value) if len(repr(value)) <= 60 else f"this {type(value).__name__}"
    requirement = {
        "type": f"must be of type {_text(error.validator_value)}",
        "enum": f"must be one of {_text(error.validator_value)}",
        "minimum": f"must be at least {error.validator_value}",
        "maximum": f"must be at most {error.validator_value}",
        "exclusiveMinimum": f"must be greater than {error.validator_value}",
        "exclusiveMaximum": f"must be less than {error.validator_value}",
        "uniqueItems": "must not contain duplicates",
        "minItems": "must not be empty"
        if error.validator_value == 1
        else f"must have {error.validator_value} items",
        "maxItems": f"must have {error.validator_value} items",
        "minProperties": "must not be empty",
        "minLength": "must not be empty",
        "pattern": "may contain only letters, digits, - and _, and starts with a letter or digit",
    }.get(error.validator, "is not allowed")
    about = f" ({schema['description']})" if "description" in schema else ""
    return [f"{'.'.join(path)}: {shown} {requirement}{about}"]


def _text(value):
    return ", ".join(map(str, value)) if isinstance(value, list) else value
