"""The documentation as written: its files, its commands in order, and their output.

The info string of a fenced block says what the block is:

- `sh`: commands, run; with a reason after it, as in `sh not run: needs a cluster`, not run.
- `text`: output; right after an `sh` block, it is what those commands print, and they may fail.
- `python`, `yaml`: a file, if its first line is a comment that names one; otherwise an excerpt.

`snakemake` and `make` only do a dry run (`-n`), and `descent check` takes few iterations, except on
the pages of the tutorial and of teaching, which are really run, in slow tests.
"""

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from checkouts import PROJECT, make_checkout
from forking import nursery

PAGES = [PROJECT / "README.md", PROJECT / "config/README.md", *sorted(PROJECT.glob("docs/*.md"))]
IN_EARNEST = [PROJECT / "docs/tutorial.md", PROJECT / "docs/teaching.md"]
LANGUAGES = {"sh", "text", "python", "yaml", "csv", "mermaid"}


@dataclass
class Block:
    language: str
    note: str
    text: str
    output: str | None = None


def blocks(page):
    """List the fenced blocks of a page; the output of commands goes with them."""
    found = []
    fences = re.finditer(
        r"^( *)```(\w*) *(.*?)\n(.*?)^ *```$\n*(?=( *```text\n)?)",
        page.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    expects_output = False
    for fence in fences:
        _, language, note, text, output_follows = fence.groups()
        if expects_output:
            found[-1].output = text
        else:
            found.append(Block(language, note, text))
        expects_output = language == "sh" and output_follows is not None
    return found


def comparable(text):
    """Mask the sizes of differences, and which of equal seeds has the largest, for CPUs differ."""
    return re.sub(r"[\d.e+-]+ x|seed \d+|\d+ iterations, ", "#", text).strip()


@pytest.fixture
def shell(tmp_path):
    """Run a script in a temporary checkout as a user would; return the finished process."""
    folder = make_checkout(tmp_path / "checkout").folder
    shutil.copy(PROJECT / "Makefile", folder)
    shutil.copytree(PROJECT / "notebooks", folder / "notebooks")
    commands = tmp_path / "bin"
    commands.mkdir()
    forks = {name: shlex.join(nursery(name).command()) for name in ("snakemake", "descent")}
    scripts = {
        "snakemake": f'exec {forks["snakemake"]} $DRY_RUN "$@"',
        "descent": f"""[ "$1$DRY_RUN" = check-n ] && set -- "$@" --iterations 40
            exec {forks["descent"]} "$@\"""",
        "pytest": f'[ "$DRY_RUN" ] || exec "{sys.executable}" -m pytest "$@"',
        "make": '/usr/bin/env -S PATH=/usr/bin:/bin make -n "$@"',
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


@pytest.mark.parametrize("page", [page for page in PAGES if page not in IN_EARNEST], ids=name_of)
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
    """Make the files of a page and run its commands, in order."""
    # a run that the README deletes
    finished = shell.folder / "results/mnist/iterations/sgd_scratch/seed_3.parquet"
    finished.parent.mkdir(parents=True)
    finished.touch()
    for block in blocks(page):
        assert block.language in LANGUAGES, f"a fence without a language:\n{block.text}"
        named = re.match(r"# (\S+\.(?:py|yaml))\n", block.text)
        if named and block.language in ("python", "yaml"):
            file = shell.folder / named[1]
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.text)
        if block.language == "sh" and block.note:
            assert re.match(r"not run: \w+", block.note)
        elif block.language == "sh":
            script = f"set -e\n{block.text}" if block.output is None else block.text
            process = shell(script, dry_run=dry_run)
            if block.output is None:
                assert process.returncode == 0, f"{block.text}\n{process.stdout}"
            else:
                assert comparable(process.stdout) == comparable(block.output)


def test_the_page_of_the_configuration_is_up_to_date():
    script = runpy.run_path(str(PROJECT / "docs" / "make_configuration.py"))
    assert (PROJECT / "docs/configuration.md").read_text() == script["page"](), "run: make docs"


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
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


def test_files_that_pages_name_exist():
    folders = "src|workflow|tests|benchmarks|profiles|config|docs"
    for page in [*PAGES, PROJECT / "CONTRIBUTING.md"]:
        for path in re.findall(rf"(?<![\w/.-])(?:{folders})/[\w./-]+\.\w+", page.read_text()):
            assert (PROJECT / path).exists(), f"{page}: {path}"
