"""The configuration: merged into the default, parsed and validated.

The Snakefile imports this module at every start, so it must stay light: no torch, pandas or
matplotlib.
"""

import copy
import difflib
import os
from pathlib import Path

import yaml

from descent.errors import ConfigurationError
from descent.experiment.consistency import find_inconsistencies
from descent.experiment.reading import read
from descent.experiment.seed_lists import expand_seeds, proposal

#: Keys that have another name now, and what to write instead.
_FORMER = {
    "parity.lr_schedule": "is now parity.lr_scheduler: leave it out for constant, and for halved "
    "write {name: StepLR, per: iteration, step_size: 250, gamma: 0.5}"
}


def resolve(default_file, schema_file, overrides, *, validated=False):
    """Merge `overrides` into the default configuration and validate the result.

    Parameters
    ----------
    default_file : path
        The default configuration, a YAML file.
    schema_file : path
        The JSON schema of the configuration, written in YAML.
    overrides : dict
        The values from `--configfile` and `--config`. Their `comparisons` replace those of the
        default entirely, unless they name only variants that the default has. So does a `model`
        that is a module.
    validated : bool
        Whether this was done before, so that nothing is checked again: on the nodes of a cluster.

    Returns
    -------
    dict
        The valid configuration.

    Raises
    ------
    ConfigurationError
        With one line per wrong key: its path, its value and what is allowed.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # six times as fast, if there is one
    schema = yaml.load(Path(schema_file).read_text(), loader)
    default = read(default_file)
    if "comparisons" in overrides and not _names_only_existing(
        overrides["comparisons"], default["comparisons"]
    ):
        del default["comparisons"]
    if isinstance(overrides.get("model"), dict) and "module" in overrides["model"]:
        default["model"] = {}  # hidden may be a keyword of the module, or not
    config = _parse_scalars(_merge(default, overrides), schema)
    problems = [] if validated else _violations(config, schema)
    problems = problems or expand_seeds(config) or (not validated and find_inconsistencies(config))
    config["data_folder"] = os.path.normpath(os.path.expanduser(config["data_folder"]))
    if problems:
        raise ConfigurationError("\n".join(problems))
    return config


def _violations(config, schema):
    """List what the schema does not allow, one line per wrong key."""
    from jsonschema import Draft202012Validator  # takes a tenth of a second to import

    errors = Draft202012Validator(schema).iter_errors(config)
    return list(dict.fromkeys(line for error in errors for line in _explain(error, schema)))


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


def _explain(error, whole):
    """Say in one line per wrong key what its value is and what is allowed by the `whole` schema."""
    path, value, schema = list(map(str, error.absolute_path)), error.instance, error.schema
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        lines = []
        for key in (key for key in value if key not in known):
            unknown = ".".join([*path, str(key)])
            if unknown in _FORMER:
                lines.append(f"{unknown}: {_FORMER[unknown]}")
                continue
            close = difflib.get_close_matches(str(key), known, n=1)
            elsewhere = [] if close else _places(str(key), whole)
            said = f"Allowed: {', '.join(known)}"
            if close:
                said = f"did you mean {close[0]}? {said}"
            elif elsewhere:
                said = f"did you mean {_written(elsewhere[0], value[key])}?"
            lines.append(f"{unknown}: unknown key; {said}")
        return lines
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in value]
        return [f"{'.'.join([*path, key])}: missing; this key is required" for key in missing]
    if proposed := proposal(path, value, error):
        return [proposed]
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
        "maxLength": f"must not be longer than {error.validator_value} characters",
        "pattern": "may contain only letters, digits, - and _, and starts with a letter or digit",
    }.get(error.validator, "is not allowed")
    about = f" ({schema['description']})" if "description" in schema else ""
    return [f"{'.'.join(path)}: {shown} {requirement}{about}"]


def _places(key, schema, path=()):
    """List the paths of the keys with this name; `<name>` is one that the user chooses."""
    found = []
    others = schema.get("additionalProperties") or {}
    for name, part in {**schema.get("properties", {}), "<name>": others}.items():
        if isinstance(part, dict) and part:
            found += [(*path, name)] * (name == key) + _places(key, part, (*path, name))
    return found


def _written(path, value):
    """Write a key for a file, and for the command line."""
    text = str(value)
    for name in reversed(path[1:]):
        text = f"{{{name}: {text}}}"
    return f"{'.'.join(path)}, which is written {path[0]}: {text}, or --config '{path[0]}={text}'"


def _text(value):
    return ", ".join(map(str, value)) if isinstance(value, list) else value
