"""The documentation as written: its files, its commands in order, and their output.

`documented` says how a page is read. `snakemake` and `make` only do a dry run (`-n`), `descent
grade` does nothing, and `descent check` takes few iterations. In slow tests, the pages that a
newcomer follows are really run.
"""

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from checkouts import PROJECT, make_checkout
from documented import blocks, matches
from forking import nursery

PAGES = [PROJECT / "README.md", PROJECT / "config/README.md", *sorted(PROJECT.glob("docs/*.md"))]
#: Their commands need what the ones before have made.
STEP_BY_STEP = [PROJECT / "docs/tutorial.md", PROJECT / "docs/teaching.md"]
IN_EARNEST = [PROJECT / "README.md", *STEP_BY_STEP]
#: Commands that print something else in a dry run.
PLANNED = re.compile(r"^(snakemake|make|descent grade)\b", re.MULTILINE)


@pytest.fixture
def shell(tmp_path):
    """Run a script in a temporary checkout as a user would; return the finished process."""
    folder = make_checkout(tmp_path / "checkout").folder
    shutil.copy(PROJECT / "Makefile", folder)
    for name in ("notebooks", "examples"):
        shutil.copytree(PROJECT / name, folder / name)
    commands = tmp_path / "bin"
    commands.mkdir()
    forks = {name: shlex.join(nursery(name).command()) for name in ("snakemake", "descent")}
    scripts = {
        "snakemake": f'exec {forks["snakemake"]} $DRY_RUN "$@"',
        "descent": f"""[ "$1$DRY_RUN" = grade-n ] && exit
            [ "$1$DRY_RUN" = check-n ] && set -- "$@" --iterations 40
            exec {forks["descent"]} "$@\"""",
        "pytest": f'[ "$DRY_RUN" ] || exec "{sys.executable}" -m pytest "$@"',
        # in earnest only the demo, without its set-up: the tests have an environment
        "make": """[ "$1$DRY_RUN" = demo ] && set -- --configfile config/digits.yaml &&
                exec snakemake --cores 2 "$@"
            PATH=/usr/bin:/bin exec make -n "$@\"""",
    }
    for name, script in scripts.items():
        (commands / name).write_text(f"#!/bin/sh\n{script}\n")
        (commands / name).chmod(0o755)

    def run(script, dry_run=True):
        environment = os.environ | {
            "PATH": f"{commands}:{os.environ['PATH']}",
            "PYTHONPATH": str(folder / "src"),
            "DRY_RUN": "-n" if dry_run else "",
        }
        return subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    run.folder = folder
    return run


def name_of(page):
    return str(page.relative_to(PROJECT))


@pytest.mark.parametrize("page", [page for page in PAGES if page not in STEP_BY_STEP], ids=name_of)
def test_what_a_page_says_can_be_planned(page, shell):
    follow(page, shell)


@pytest.mark.slow
@pytest.mark.parametrize("page", IN_EARNEST, ids=name_of)
def test_what_a_page_says_works(page, shell):
    follow(page, shell, dry_run=False)
    if page.name == "tutorial.md":
        parity = pd.read_csv(shell.folder / "results/mine/tables/parity.csv")
        assert set(parity["verdict"]) <= {"identical", "equal to rounding"}
        assert (shell.folder / "results/mine/report.html").exists()


def follow(page, shell, dry_run=True):
    """Make the files of a page, run its commands in order, and compare what they print."""
    # a run that a page deletes
    finished = shell.folder / "results/mnist/iterations/sgd_scratch/seed_3.parquet"
    finished.parent.mkdir(parents=True)
    finished.touch()
    for number, block in enumerate(blocks(page.read_text())):
        named = re.match(r"# (\S+\.(?:py|yaml))\n", block.text)
        if named and block.language in ("python", "yaml"):
            file = shell.folder / named[1]
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.text)
        script = block.text
        if block.language == "python" and block.output is not None:
            (shell.folder / f"block_{number}.py").write_text(block.text)
            script = f'"{sys.executable}" block_{number}.py'
        elif block.language != "sh" or block.marker:
            continue
        if block.output is None:
            process = shell(f"set -e\n{script}", dry_run=dry_run)
            assert process.returncode == 0, f"{script}\n{process.stdout}"
        else:
            process = shell(script, dry_run=dry_run)
            only_planned = dry_run and page in IN_EARNEST and PLANNED.search(script)
            shown = matches(block.output, process.stdout, shell.folder)
            assert only_planned or shown, f"{block.output}\n-- {script}\n{process.stdout}"


def test_an_output_that_differs_is_noticed():
    shown = "a verdict\n...\nafter 3 s\n"
    assert matches(shown, "a verdict\nwhatever\nit says\nafter 17.5 s\n")
    assert not matches(shown, "another verdict\nafter 3 s\n")
    assert not matches(shown, "a verdict\nafter 3 s\nand an error\n")
    assert matches("wrote grades\n", "wrote /tmp/x/grades\n", folder="/tmp/x")
    with pytest.raises(AssertionError, match="whose output"):
        blocks("```text\nnobody's\n```\n")
    with pytest.raises(AssertionError, match="renderers"):
        blocks("```sh not run: a reason in the wrong place\nls\n```\n")


def test_the_page_of_the_configuration_is_up_to_date():
    script = runpy.run_path(str(PROJECT / "docs" / "make_configuration.py"))
    assert (PROJECT / "docs/configuration.md").read_text() == script["page"](), "run: make docs"


def test_links_between_pages_lead_somewhere():
    others = [PROJECT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "results/README.md")]
    for page in [*PAGES, *others, *PROJECT.glob("docs/notes/*.md")]:
        for target, anchor in re.findall(r"\]\(([^)#:\s]*)(#[^)\s]*)?\)", page.read_text()):
            file = page.parent / target if target else page
            assert file.exists(), f"{page}: {target}"
            if anchor and Path(file).suffix == ".md":
                titles = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
                anchors = {
                    "#" + re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
                    for title in titles
                }
                assert anchor in anchors, f"{page}: {target}{anchor}"


def test_the_glossary_has_every_verdict():
    headings = re.findall(r"^### (.*)$", (PROJECT / "docs/glossary.md").read_text(), re.MULTILINE)
    for module in ("parity/verdict.py", "analysis/decision.py"):
        text = (PROJECT / "src/descent" / module).read_text()
        verdicts = re.findall(r'^[A-Z_]+ = "(.+)"$', text, re.MULTILINE)
        assert len(verdicts) >= 5 and set(verdicts) <= set(headings)
    assert len(headings) == len(set(headings)), "two headings with the same anchor"


def test_files_that_pages_name_exist():
    folders = "src|workflow|tests|benchmarks|profiles|config|docs"
    for page in [*PAGES, PROJECT / "CONTRIBUTING.md"]:
        for path in re.findall(rf"(?<![\w/.-])(?:{folders})/[\w./-]+\.\w+", page.read_text()):
            assert (PROJECT / path).exists(), f"{page}: {path}"
