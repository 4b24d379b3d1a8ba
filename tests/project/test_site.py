"""The site: every page has its place, links are rewritten and checked, and the API is documented.

`.ci/run site` builds it, where a warning or a broken link is an error.
"""

import inspect
import sys

import pytest
import yaml

import descent
from configurations import PROJECT
from descent.experiment.configuration import resolve
from descent.parity.catalog import MUTANTS, RULES, of

SITE = PROJECT / "docs" / "site"
sys.path.insert(0, str(SITE))

import build  # noqa: E402
import mistakes  # noqa: E402
from links import broken_links  # noqa: E402

NAMES = {
    "README.md": "overview.md",
    "config/README.md": "experiment.md",
    "docs/parity.md": "parity.md",
    "docs/tutorial.md": "tutorial.md",
}


# The navigation


def test_every_page_of_the_documentation_has_one_place():
    listed = [page for part in build.navigation().values() for page in part]
    written = [*PROJECT.glob("docs/*.md"), *SITE.glob("*.md")]
    assert len(listed) == len(set(listed))
    assert {str(file.relative_to(PROJECT)) for file in written} - {build.INDEX} <= set(listed)
    assert all((PROJECT / page).exists() for page in listed)


def test_no_two_pages_have_one_name():
    names = list(build.pages().values())
    assert len(names) == len(set(names)) and "index.md" in names


# Links


@pytest.mark.parametrize(
    ("page", "link", "expected"),
    [
        ("docs/tutorial.md", "parity.md", "parity.md"),
        ("docs/tutorial.md", "../config/README.md#sweeps", "experiment.md#sweeps"),
        ("docs/tutorial.md", "../README.md", "overview.md"),
        ("README.md", "docs/parity.md#replay", "parity.md#replay"),
        ("config/README.md", "../docs/tutorial.md", "tutorial.md"),
        ("config/README.md", "zoo.yaml", "https://e.org/d/blob/main/config/zoo.yaml"),
        (
            "docs/tutorial.md",
            "../src/descent/models",
            "https://e.org/d/tree/main/src/descent/models",
        ),
        ("README.md", "docs/figures/coverage.png", "figures/coverage.png"),
        ("docs/tutorial.md", "#a-velocity", "#a-velocity"),
        ("docs/tutorial.md", "https://e.org/README.md", "https://e.org/README.md"),
        ("docs/tutorial.md", "nothing.md#at-all", "nothing.md#at-all"),  # the build names it
    ],
)
def test_a_link_leads_to_a_page_of_the_site_or_to_the_repository(page, link, expected):
    text = f"See [a\nlink]({link}), ![and]({link}).\n"
    assert build.relink(text, page, NAMES, "https://e.org/d") == text.replace(link, expected)


def test_code_is_not_a_link():
    text = "```python\nf = table[0](parity.md)\n```\nBut [this](../README.md).\n"
    found = build.relink(text, "docs/tutorial.md", NAMES, "https://e.org/d")
    assert found == text.replace("../README.md", "overview.md")


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ('<a href="other.html">', ""),
        ('<a href="other.html#here">', ""),
        ('<a href="sub/">', ""),
        ('<a href="#">', ""),
        ('<a href="https://e.org/">', ""),
        ('<img src="data:image/png;base64,AA">', ""),
        ('<a href="gone.html">', "index.html: no file gone.html"),
        ('<a href="other.html#gone">', "index.html: no anchor other.html#gone"),
        ('<a href="#gone">', "index.html: no anchor #gone"),
        ('<img src="gone.png">', "index.html: no file gone.png"),
        ('<script src="https://e.org/x.js">', "index.html: loads https://e.org/x.js"),
        ('<link rel="stylesheet" href="//e.org/x.css">', "index.html: loads //e.org/x.css"),
    ],
)
def test_a_broken_link_and_what_comes_from_the_network_are_named(tmp_path, link, problem):
    (tmp_path / "index.html").write_text(link)
    (tmp_path / "other.html").write_text('<h2 id="here">')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "index.html").touch()
    assert broken_links(tmp_path) == ([problem] if problem else [])


# The gallery


@pytest.mark.parametrize(
    "file", sorted((PROJECT / "docs/gallery").glob("*.yaml")), ids=lambda f: f.stem
)
def test_an_experiment_of_the_gallery_is_valid_and_shown(file, monkeypatch):
    monkeypatch.chdir(file.parent)  # of its own update rules
    overrides = yaml.safe_load(file.read_text())
    config = resolve(
        PROJECT / "config" / "config.yaml",
        PROJECT / "workflow" / "schemas" / "config.schema.yaml",
        overrides=overrides,
    )
    assert config["name"] == file.stem and config["dataset"]["name"] == "digits"
    page = (SITE / "gallery.md").read_text()
    for part in ("report.html", "interactive.html"):
        assert f'href="gallery/{file.stem}/{part}"' in page
    assert f"](../gallery/{file.name})" in page


# The mistakes


def test_the_picture_of_a_mistake_shows_when_it_begins():
    [late] = [mutant for mutant in of("sgd_momentum") if mutant.name == "no_momentum"]
    wrong, right, difference = mistakes.steps(late)
    assert wrong[0] == pytest.approx(right[0]) and difference[0] == 0
    assert min(difference[1:]) > 0 and right[5] > 2 * wrong[5]


def test_a_mistake_is_shown_as_what_it_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(mistakes, "_output", lambda mutant: "verdict: different")
    monkeypatch.setattr(mistakes, "mistakes_of", lambda rule: of(rule)[:1])
    mistakes.page("sgd", tmp_path)
    page = (tmp_path / "sgd.md").read_text()
    assert "## `rate_missing`\n\nThe learning rate is missing.\n" in page
    assert "-        parameter.sub_(gradient, alpha=lr)\n+        parameter.sub_(gradient)" in page
    assert "(sgd_rate_missing.png)" in page and (tmp_path / "sgd_rate_missing.png").exists()
    assert "verdict: different" in page


def test_every_mistake_has_its_place_and_those_that_were_seen_come_first():
    shown = {name: mistakes.mistakes_of(name) for name in [*RULES, mistakes.OF_ANY_RULE]}
    assert set(build.COMMON) <= set(shown)
    places = {mutant.name for mutants in shown.values() for mutant in mutants}
    missing = {mutant.name for mutant in MUTANTS} - places
    assert all(name.endswith("_ignored") for name in missing)
    seen = [bool(mutant.seen) for mutant in shown["adam"]]
    assert any(seen) and seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("eps_squared", "`eps` is squared."),
        ("betas_swapped", "`beta1` and `beta2` are swapped."),
        ("no_root", "The root of the mean of the squared gradients is not taken."),
    ],
)
def test_a_sentence_does_not_change_the_name_of_a_hyperparameter(name, sentence):
    [mutant] = [mutant for mutant in of("adam") if mutant.name == name]
    assert mistakes._sentence(mutant) == sentence


# The API


def test_every_public_name_is_on_its_page():
    page = (SITE / "api.md").read_text()
    assert [name for name in descent.__all__ if f":: {name}\n" not in page] == []


@pytest.mark.parametrize("name", [name for name in descent.__all__ if name.islower()])
def test_every_parameter_of_a_public_function_is_documented(name):
    from numpydoc.docscrape import FunctionDoc

    function = getattr(descent, name)
    documented = {
        part.strip(" *")
        for parameter in FunctionDoc(function)["Parameters"]
        for part in parameter.name.split(",")
    }
    assert documented == set(inspect.signature(function).parameters)


# Publishing


def test_what_is_published_is_what_make_site_writes():
    jobs = yaml.safe_load((PROJECT / ".github/workflows/site.yml").read_text())["jobs"]
    [folder] = [
        step["with"]["path"] for step in jobs["build"]["steps"] if "path" in step.get("with", {})
    ]
    assert folder == "build/site/html"
    assert "SITE := build/site\n" in (PROJECT / "Makefile").read_text()
