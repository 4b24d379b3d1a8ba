"""What releases and contributors rely on: one address, one version, accurate files."""

import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml

import descent
from configurations import PROJECT

YAML_FILES = [
    ".pre-commit-config.yaml",
    ".snakemake-workflow-catalog.yml",
    "CITATION.cff",
    *(str(file.relative_to(PROJECT)) for file in sorted(PROJECT.glob(".github/**/*.yml"))),
]
QUOTING_THE_ADDRESS = {
    ".github/ISSUE_TEMPLATE/config.yml",
    ".snakemake-workflow-catalog.yml",
    "CITATION.cff",
    "README.md",
    "SECURITY.md",
    "pyproject.toml",
    "src/descent/reporting/documentation.py",
}
#: Hosts of package indexes, in parts so that this file does not name them itself.
INDEXES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted.org"),
        ("download", "pytorch.org"),
        ("conda", "anaconda.org"),
        ("repo", "anaconda.com"),
        ("deb", "debian.org"),
        ("archive", "ubuntu.com"),
    )
]
INDEX = re.compile(rb"https?://\S+/simple\b|" + b"|".join(map(re.escape, map(str.encode, INDEXES))))


def read(name):
    return (PROJECT / name).read_text()


def address(folder=PROJECT):
    urls = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["urls"]
    return urls["Repository"]


def repository_files():
    """List what git tracks, and what it would if it were added."""
    if not (PROJECT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    files = {name for name in listed.stdout.split("\0") if (PROJECT / name).is_file()}
    assert {"pyproject.toml", "workflow/envs/requirements.txt"} <= files
    return sorted(files)


def make_targets():
    return set(re.findall(r"^([\w-]+):", read("Makefile"), re.MULTILINE))


# The address


@pytest.fixture
def copy(tmp_path):
    """Copy what `make address` reads and writes; return the folder and a way to run it there."""
    for name in [*QUOTING_THE_ADDRESS, "docs/fill_address.py", "src/descent/__init__.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)

    def fill():
        command = [sys.executable, "docs/fill_address.py"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    def contents():
        return {name: (tmp_path / name).read_text() for name in sorted(QUOTING_THE_ADDRESS)}

    fill.folder, fill.contents = tmp_path, contents
    return fill


def test_the_address_is_filled_in_everywhere(copy):
    before = copy.contents()
    assert copy().returncode == 0
    assert copy.contents() == before, "run: make address"


def test_another_address_replaces_the_old_one_everywhere(copy):
    old, new = address(), "https://code.example.com/someone/optimizers"
    pyproject = copy.folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(old, f"{new}.git/"))
    assert copy().returncode == 0
    for name, text in copy.contents().items():
        assert new in text and old not in text, name
    assert f"git clone {new} && cd optimizers\n" in copy.contents()["README.md"]


def test_a_file_without_a_place_for_the_address_is_named(copy):
    (copy.folder / "SECURITY.md").write_text("# Security\n")
    process = copy()
    assert process.returncode == 1 and "SECURITY.md" in process.stderr


def test_the_address_stands_nowhere_else():
    found = {name for name in repository_files() if address().encode() in content(name)}
    assert found == QUOTING_THE_ADDRESS


def content(name):
    return (PROJECT / name).read_bytes()


# The version


def newest_version(changelog):
    """Return the version that the changelog announces, or else that of its newest release."""
    unreleased, *_ = re.findall(r"^## \[Unreleased\]\n(.*?)(?=^## )", changelog, re.M | re.S)
    announced = re.findall(r"^To be released as (\d+\.\d+\.\d+)\.$", unreleased, re.MULTILINE)
    return (announced + re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE))[0]


def test_changelog_and_citation_have_the_version_of_the_library():
    assert newest_version(read("CHANGELOG.md")) == descent.__version__
    assert yaml.safe_load(read("CITATION.cff"))["version"] == descent.__version__


def test_the_version_is_set_in_one_place():
    project = tomllib.loads(read("pyproject.toml"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "descent.__version__"}


def test_a_changelog_is_read_before_and_after_a_release():
    older = "## [0.1.0] - 2026-01-01\n\n- First.\n"
    before = f"## [Unreleased]\n\nTo be released as 0.2.0.\n\n- New.\n\n{older}"
    after = f"## [Unreleased]\n\n## [0.2.0] - 2026-02-01\n\n- New.\n\n{older}"
    assert newest_version(before) == newest_version(after) == "0.2.0"
    assert newest_version(f"## [Unreleased]\n\n- New.\n\n{older}") == "0.1.0"


def test_releases_are_dated_and_the_newest_comes_first():
    first, *releases = re.findall(r"^## (.*)$", read("CHANGELOG.md"), re.MULTILINE)
    assert first == "[Unreleased]"
    parts = [
        re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)", text) for text in releases
    ]
    assert all(parts), releases
    order = [(tuple(map(int, part.groups()[:3])), part[4]) for part in parts]
    assert order == sorted(order, reverse=True)


# What others read


@pytest.mark.parametrize("name", YAML_FILES)
def test_a_yaml_file_parses(name):
    assert isinstance(yaml.safe_load(read(name)), dict)


def test_the_citation_has_what_its_format_requires():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0" and citation["type"] == "software"
    assert citation["title"] and citation["message"]
    assert citation["license"] == tomllib.loads(read("pyproject.toml"))["project"]["license"]
    [author] = citation["authors"]
    assert author["name"] in read("LICENSE")


def test_the_catalogue_finds_what_it_requires():
    for name in ("workflow/Snakefile", "config/README.md", "workflow/envs/descent.yaml"):
        assert (PROJECT / name).is_file()
    readme = read("README.md").lower()
    assert "snakemake" in readme and "workflow" in readme  # how the catalog searches
    usage = yaml.safe_load(read(".snakemake-workflow-catalog.yml"))["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    deployment = usage["software-stack-deployment"]
    assert deployment == {"conda": True, "apptainer": False, "apptainer+conda": False}
    assert usage["report"] is True


def test_every_rule_of_the_workflow_names_the_conda_environment():
    for file in PROJECT.glob("workflow/rules/*.smk"):
        text = file.read_text()
        assert text.count("script:\n") == text.count("conda:\n"), file
        assert "container:" not in text and "shell:" not in text, file


@pytest.mark.parametrize("name", ["bug_report", "wrong_verdict", "feature_request"])
def test_an_issue_form_asks_for_something(name):
    form = yaml.safe_load(read(f".github/ISSUE_TEMPLATE/{name}.yml"))
    assert form["name"] and form["description"]
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert any(part.get("validations", {}).get("required") for part in asked)
    identifiers = [part["id"] for part in asked]
    assert len(set(identifiers)) == len(identifiers)
    assert all(part["attributes"]["label"] for part in asked)


def test_no_file_names_a_package_index():
    assert [name for name in repository_files() if INDEX.search(content(name))] == []


@pytest.mark.parametrize("host", INDEXES)
def test_an_index_would_be_found(host):
    assert INDEX.search(f"--index-url https://{host}/packages".encode())
    assert INDEX.search(b"index = 'https://mirror.example.org/root" + b"/simple/'")
    assert not INDEX.search(b"https://example.org/simplest")


# Continuous integration


def parts():
    [listed] = re.findall(r'^parts="(.*)"$', read(".ci/run"), re.MULTILINE)
    return listed.split()


def hosted_jobs():
    workflows = sorted(PROJECT.glob(".github/workflows/*.yml"))
    return [job for file in workflows for job in yaml.safe_load(file.read_text())["jobs"].values()]


def test_the_hosted_workflows_run_every_part_and_no_other():
    called = set()
    for job in hosted_jobs():
        chosen = job.get("strategy", {}).get("matrix", {}).get("part", [])
        for step in job["steps"]:
            for part in re.findall(r"^\.ci/run(.*)$", step.get("run", ""), re.MULTILINE):
                called |= set(chosen if part == " ${{ matrix.part }}" else part.split() or ["none"])
    assert called == set(parts())


def test_the_hosted_workflows_pin_actions_to_a_major_version():
    used = [step["uses"] for job in hosted_jobs() for step in job["steps"] if "uses" in step]
    assert used and all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used)


def test_an_unknown_part_is_refused_before_anything_runs():
    command = [PROJECT / ".ci" / "run", parts()[0], "nonsense"]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.returncode == 2 and process.stdout == ""
    assert "nonsense" in process.stderr and all(part in process.stderr for part in parts())


def test_every_part_is_carried_out():
    text = read(".ci/run")
    assert re.findall(r"^        (\w+)\)", text, re.MULTILINE) == parts()
    assert set(re.findall(r"^ *(?:\w+\) )?make ([\w-]+)", text, re.MULTILINE)) <= make_targets()


# The guide for contributors


def test_every_make_target_of_the_guide_exists():
    named = set(re.findall(r"\bmake ([a-z][\w-]*)", "\n".join(quoted("CONTRIBUTING.md"))))
    assert {"setup", "lint", "test", "test-fast", "test-slow", "test-cluster"} <= named
    assert named <= make_targets()


def test_every_path_of_the_guide_exists():
    paths = [text for text in quoted("CONTRIBUTING.md") if is_path(text)]
    paths.remove("build/site/html")  # made by `make site`
    assert len(paths) > 10
    assert [path for path in paths if not exists(path)] == []


@pytest.mark.parametrize(
    "path", ["docs/nothing.md", "src/descent/nothing/<rule>.py", "nothing.toml"]
)
def test_a_path_that_does_not_exist_would_be_found(path):
    assert is_path(path) and not exists(path)


def quoted(page):
    """List what stands in backticks, in a line or as a block of commands."""
    text = read(page)
    blocks = re.findall(r"^```.*?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [*blocks, *re.findall(r"`([^`\n]+)`", text)]


def is_path(text):
    known = r"[\w.<>-]+\.(md|toml|py|cff|yml|yaml|smk|rst|jinja)"
    return bool(re.fullmatch(r"\.?[\w-]+(/[\w.<>-]+)*/[\w.<>-]*|" + known, text))


def exists(path):
    """Tell whether a path exists; of one with a placeholder, its folder and a file of its kind."""
    pattern = re.sub(r"<\w+>", "*", path)
    return any(PROJECT.glob(pattern.rstrip("/")))
