"""Write configuration.md, the manual of every key, from the schema and the default configuration.

Run by `make docs`.
"""

from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[1]
TARGET = Path(__file__).with_name("configuration.md")

HEAD = """# Configuration keys

Made by `make docs` from [`config.schema.yaml`](../workflow/schemas/config.schema.yaml) and
[`config.yaml`](../config/config.yaml); not to be edited. How to change keys, and what variants and
rules of your own are: [`config/README.md`](../config/README.md).
"""

LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "greater than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
}


def page():
    """Return the page as Markdown: a section for each top-level key, a row for each key in it."""
    schema = yaml.safe_load((PROJECT / "workflow/schemas/config.schema.yaml").read_text())
    default = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
    parts = [HEAD]
    for key, part in schema["properties"].items():
        rows = list(_rows(key, part, default.get(key)))
        parts += [f"## `{key}`", "| key | meaning | values | default |\n|---|---|---|---|"]
        parts[-1] += "".join(f"\n| {' | '.join(row)} |" for row in rows)
    return "\n\n".join(parts).replace("\n\n\n", "\n\n") + "\n"


def _rows(path, schema, default):
    yield f"`{path}`", _cell(schema["description"]), _values(schema), _default(default)
    default = default if isinstance(default, dict) else {}
    for key, part in schema.get("properties", {}).items():
        yield from _rows(f"{path}.{key}", part, default.get(key))
    if isinstance(others := schema.get("additionalProperties"), dict):
        yield from _rows(f"{path}.<name>", others, None)


def _values(schema):
    """Say in words what a key may hold."""
    if "const" in schema:
        return _code(schema["const"])
    if "enum" in schema:
        return ", ".join(map(_code, schema["enum"]))
    types = schema.get("type", [])
    if types == "object":
        return "keys, see below" if "properties" in schema else "a name for each, see below"
    words = [" or ".join([types] if isinstance(types, str) else types)] if types else []
    if "items" in schema:
        words[0] += f" of ({_values(schema['items'])})"
    words += [text.format(schema[name]) for name, text in LIMITS.items() if name in schema]
    words += ["not empty"] if schema.get("minItems") or schema.get("minLength") else []
    text = ", ".join(words)
    options = " or ".join(_values(part) for part in schema.get("anyOf", []))
    return ": ".join(filter(None, [text, options]))


def _default(value):
    return "" if value is None or isinstance(value, dict) else _code(value)


def _code(value):
    return f"`{yaml.safe_dump(value, default_flow_style=True, width=1000).splitlines()[0]}`"


def _cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    TARGET.write_text(page())
