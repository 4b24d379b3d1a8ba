"""Write configuration.md, tables of all keys, from the schema and the default configuration.

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

A dot stands for a level: `training.epochs` is written `training: {epochs: 20}`. `<name>` stands for
a name of your choice. The keys of a variant are without the `comparisons.<name>.<name>.` that is
before all of them.
"""

TABLE = """
## {title}

| key | meaning | values | default |
|---|---|---|---|
"""

#: The tables: a title, and the keys whose rows it has, with all keys inside them.
GROUPS = {
    "The experiment": ["name", "data_folder", "root_seed", "seeding", "seeds", "seeds_per_job"],
    "Data and network": ["dataset", "model"],
    "Training and evaluation": ["training", "training_resources", "evaluation"],
    "Comparisons and their variants": ["comparisons"],
    "Schedules: lr_scheduler of a variant": ["lr_scheduler"],
    "Sweeps": ["sweeps"],
    "Analysis": ["parity", "landscapes", "targets", "equivalence", "curves"],
}

#: What is before the keys of a variant.
VARIANT = "comparisons.<name>.<name>."

LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "greater than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
}


def page():
    """Return the page as Markdown: a table for each group, with a row for each key."""
    schema = yaml.safe_load((PROJECT / "workflow/schemas/config.schema.yaml").read_text())
    default = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
    seen, rows = set(), {}
    for key, part in schema["properties"].items():
        for row in _rows(key, part, default.get(key), seen):
            rows.setdefault(_group(row[0]), []).append(row)
    return HEAD + "".join(
        TABLE.format(title=title)
        + "".join(
            f"| `{path.removeprefix(VARIANT)}` | {' | '.join(cells)} |\n"
            for path, *cells in rows[title]
        )
        for title in GROUPS
    )


def _group(path):
    """Return the title of the table that a key is in."""
    within = path.removeprefix(VARIANT).split(".")
    key = "lr_scheduler" if within[0] == "lr_scheduler" and len(within) > 1 else path.split(".")[0]
    for title, keys in GROUPS.items():
        if key in keys:
            return title
    raise SystemExit(f"{key}: put it into a table, in GROUPS of {Path(__file__).name}")


def _rows(path, schema, default, seen):
    """Yield the rows of a key and its parts; a part that several keys share has one row."""
    if id(schema) in seen:
        return
    seen.add(id(schema))
    yield path, _cell(schema["description"]), _values(schema), _default(default)
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
        return "the keys below" if "properties" in schema else "named entries"
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
