"""Configuration files, read so that nothing in them is lost.

PyYAML keeps the last of two equal keys, as Snakemake does, which drops a copied variant whose name
was not changed. The Snakefile imports this module, so it must stay light.
"""

import json
from pathlib import Path

import yaml

from descent.errors import ConfigurationError


def read(file):
    """Read a configuration file, which is YAML or JSON.

    Returns
    -------
    dict

    Raises
    ------
    ConfigurationError
        One line with the file and, where there is one, the line in it: if a key appears twice, or
        if the file cannot be read.
    """
    content = Path(file).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise ConfigurationError(f"{file}, line {line}: not UTF-8; save it as UTF-8") from None
    try:
        config = _parse(text)
    except _RepeatedKey as error:
        raise ConfigurationError(f"{file}{error}") from None
    except yaml.MarkedYAMLError as error:
        raise ConfigurationError(f"{file}, {_explain(error)}") from None
    if not isinstance(config, dict):
        raise ConfigurationError(f"{file}: holds no keys; it needs lines such as `name: mnist`")
    return config


class _RepeatedKey(Exception):
    """A key that appears twice; the message goes after the name of the file."""


def _parse(text):
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except ValueError:
        return yaml.load(text, Loader=_StrictLoader)


def _unique(pairs):
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise _RepeatedKey(f": {key} appears twice in one object; rename or remove one of them")
    return dict(pairs)


class _StrictLoader(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        lines = {}
        scalars = (key_node for key_node, _ in node.value if key_node.id == "scalar")
        for key_node in scalars:
            key, line = key_node.value, key_node.start_mark.line + 1
            if key in lines:
                raise _RepeatedKey(
                    f", line {line}: {key} is already in line {lines[key]}, and only one of them "
                    "would count; rename or remove one"
                )
            lines[key] = line
        return super().construct_mapping(node, deep)


def _explain(error):
    """Say what YAML does not understand, beginning with the line."""
    line, what = error.problem_mark.line + 1, error.problem
    if "\\t" in what:
        what = "a tab; YAML wants spaces"
    if error.context and error.context_mark and error.context_mark.line + 1 < line:
        what += f" ({error.context}, which begins in line {error.context_mark.line + 1})"
    return f"line {line}: {what}"
