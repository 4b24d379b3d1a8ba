"""The interactive page of the atlas, from benchmarks/atlas.json; made by `make site`."""

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from descent.reporting.rendering import TEMPLATES

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "benchmarks" / "atlas.json"


def page():
    """Return the page as HTML that needs no other file."""
    atlas = json.loads(TABLE.read_text())
    for family in atlas["families"].values():
        for pair in family["pairs"]:
            pair["why"] = family.get("why", {}).get(pair["second"], "")
    versions = ", ".join(f"{name} {version}" for name, version in atlas["packages"].items())
    environment = Environment(
        loader=FileSystemLoader([HERE, TEMPLATES]), autoescape=True, undefined=StrictUndefined
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}  # the order of the members
    return environment.get_template("atlas.html.jinja").render(atlas=atlas, versions=versions)
