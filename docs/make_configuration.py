"""Write configuration.md, a table of all keys, from the schema and the default configuration.

Run by `make docs`.
"""

from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[1]
TARGET = Path(__file__).with_name("configuration.md")

HEAD = """# Configuration keys

`make docs` generates this page from
[`config.schema.yaml`](../workflow/schemas/config.schema.yaml) and
[`config.yaml`](../config/config.yaml); do not edit it. See
[`config/README.md`](../config/README.md) for how to change keys, and for variants and your own
update rules.

| key | meaning | values | default |
|---|---|---|---|
"""

LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "greater than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
}


def page():
    """Return the page as Markdown: one table, with a row for each key."""
    schema = yaml.safe_load((PROJECT / "workflow/schemas/config.schema.yaml").read_text())
    default = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
    seen = set()
    rows = (
        row
        for key, part in schema["properties"].items()
        for row in _rows(key, part, default.get(key), seen)
    )
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _rows(path, schema, default, seen):
    """Yield the rows of a key and its parts; a part that several keys share has one row."""
    if id(schema) in seen:
        return
    seen.add(id(schema))
    yield f"`{path}`", _cell(schema["description"]), _values(schema), _default(default)
    default = default if isinstance(default, dict) else {}
    keys = schema if "properties" in schema else schema.get("items", schema)
    for key, part in keys.get("properties", {}).items():
        yield from _rows(f"{path}.{key}", part, default.get(key), seen)
    if isinstance(others := keys.get("additionalProperties"), dict):
        yield from _rows(f"{path}.<name>", others, None, seen)


def _values(schema):
    """Describe the allowed values of a key."""
    if "const" in schema:
        return _code(schema["const"])
    if "enum" in schema:
        return ", ".join(map(_code, schema["enum"]))
    types = schema.get("type", [])
    if types == "object":
        return "keys, see below" if "properties" in schema else "named entries, see below"
    words = [" or ".join([types] if isinstance(types, str) else types)] if types else []
    if "items" in schema:
        words[0] = words[0].replace("array", f"array of ({_values(schema['items'])})")
    words += [text.format(schema[name]) for name, text in LIMITS.items() if name in schema]
    if 1 in (schema.get("minItems"), schema.get("minLength")):
        words.append("not empty")
    elif "minItems" in schema:
        words.append(f"{schema['minItems']} of them")
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
