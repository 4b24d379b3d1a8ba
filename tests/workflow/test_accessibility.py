"""What axe-core finds on the pages, light and dark, on a phone and on a desktop."""

import pytest

import axe
import descent
from browser import DESKTOP, PHONE, open_page, preferring
from descent.reporting.rendering import render

pytestmark = pytest.mark.browser

PAGES = ["report", "interactive", "check", "feedback"]
#: What a notebook puts around a check.
AROUND = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>A notebook</title>
<style>body {{ background: #fff; color: #111; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #eee; }} }}</style></head>
<body>{}</body></html>"""
SETTING = {"name": "usual", "same": ["torch.optim.SGD"], "printed": "step 1 " * 99}


def wrong(parameters, gradients, state, *, lr):
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr * (g if state else g / 2))
    state["begun"] = True


@pytest.fixture(scope="module")
def pages(finished_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    report = descent.check(wrong, "torch.optim.SGD", lr=0.1, iterations=10)
    feedback = render(
        "feedback.html.jinja",
        student="ada",
        rule="momentum",
        points="2",
        of="4",
        settings=[
            {**SETTING, "passed": True, "lines": ["The same steps as torch.optim.SGD."]},
            {**SETTING, "passed": False, "lines": ["Other steps.", "Hint: no momentum."]},
        ],
    )
    for name, text in {"check": AROUND.format(report._repr_html_()), "feedback": feedback}.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return [folder, finished_once.results]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing_serious(chromium, pages, page, scheme):
    [file] = [folder / f"{page}.html" for folder in pages if (folder / f"{page}.html").exists()]
    with preferring(chromium, scheme):
        for screen in (PHONE, DESKTOP):
            open_page(chromium, file, screen)
            assert axe.findings(chromium) == []


def test_axe_finds_what_is_wrong(chromium, tmp_path):
    """The check itself can fail."""
    file = tmp_path / "wrong.html"
    file.write_text("<title>x</title><p style='color: #bbb'>pale</p><input>")
    open_page(chromium, file)
    found = {each["id"] for each in axe.findings(chromium)}
    assert {"color-contrast", "html-has-lang", "label"} <= found
