"""Web pages from templates: one file each, which needs no network."""

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


def render(template, **content):
    """Fill in a template from `reporting/templates/`; text is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(content)


def inline_image(file):
    """Encode a PNG file as a data URL."""
    return data_url(Path(file).read_bytes())


def data_url(png):
    """Encode the bytes of a PNG file."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
