"""Pages from templates: escaped, strict, and complete without a network."""

import base64

import pytest
from jinja2 import UndefinedError

from descent.reporting import rendering


@pytest.fixture
def template(tmp_path, monkeypatch):
    monkeypatch.setattr(rendering, "TEMPLATES", tmp_path)
    (tmp_path / "page.jinja").write_text("<p>{{ text }}</p>")
    return "page.jinja"


def test_text_is_escaped(template):
    assert rendering.render(template, text="a < b & c") == "<p>a &lt; b &amp; c</p>"


def test_what_a_template_needs_must_be_given(template):
    with pytest.raises(UndefinedError, match="text"):
        rendering.render(template)


def test_an_image_is_part_of_its_address(tmp_path):
    (tmp_path / "image.png").write_bytes(b"PNG")
    kind, _, content = rendering.inline_image(tmp_path / "image.png").partition(",")
    assert kind == "data:image/png;base64" and base64.b64decode(content) == b"PNG"
