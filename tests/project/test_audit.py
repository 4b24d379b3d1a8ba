"""The audit of packages: its rows say what their pairs say, and its faults can be shown.

What needs the packages is left out without them; `make test-packages` has them.
"""

import json
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest

from configurations import PROJECT
from forking import nursery

AUDIT = PROJECT / "benchmarks" / "audit"
PAGE = (PROJECT / "docs" / "audit.md").read_text()
REPRODUCTIONS = sorted((AUDIT / "reproductions").glob("*.py"))
GOT = re.compile(r"got\s+(.+?)\s+paper:?\s+(\[.+\]|[^,\n]+)")
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")

#: Rows that took longer than this are not found again here.
SECONDS = 12

sys.path.insert(0, str(AUDIT))

import audit  # noqa: E402

ROWS = json.loads(audit.RESULTS.read_text())["rows"]


def pair_of(row):
    return audit.Pair(**{name: row[name] for name in audit.Pair.__dataclass_fields__})


def needs(*texts):
    """Leave the test out if a package that one of these texts imports is not installed."""
    for text in texts:
        for module in re.findall(r"^import (\w+)", text, re.MULTILINE):
            if find_spec(module) is None:
                pytest.skip(f"needs {module}")


def numbers(text):
    return [float(number) for number in NUMBER.findall(text)]


def differ(got, paper):
    return any(abs(one - two) > 0.0005 * abs(two) for one, two in zip(got, paper, strict=False))


def sample():
    """Take the quickest rows of each package, one of a fault and one that is the same."""
    chosen = {}
    for row in sorted(ROWS, key=lambda row: row.get("seconds", 1e9)):
        if row["kind"] in ("", "fault") and row.get("seconds", 1e9) < SECONDS:
            chosen.setdefault((row["optimizer"].partition(":")[0], row["kind"]), row)
    return list(chosen.values())


def test_every_pair_was_checked_and_is_explained():
    listed = audit.pairs()
    assert len({pair.key for pair in listed}) == len(listed)
    rows = {pair_of(row).key: row for row in ROWS}
    assert {pair.key for pair in listed} == set(rows)
    for pair in listed:
        assert audit.complaint(pair, rows[pair.key]) == "", pair


SECTIONS = dict(re.findall(r"^### (.+)\n\n((?:(?!^##).*\n)+)", PAGE, re.MULTILINE))

#: What a section says if no pair differs by its fault.
UNSEEN = re.compile("The check does not see it|The check calls it the same rule")


def test_every_fault_has_its_section_and_every_section_its_reproduction():
    seen = {title for title, text in SECTIONS.items() if not UNSEEN.search(" ".join(text.split()))}
    assert {pair.section for pair in audit.pairs() if pair.section} == seen
    shown = re.findall(r"benchmarks/audit/reproductions/(\w+\.py)", "".join(SECTIONS.values()))
    assert sorted(shown) == [file.name for file in REPRODUCTIONS]
    for title, text in SECTIONS.items():
        assert "reproductions/" in text, title


def rows_of_table(header):
    """List the cells of the rows of a table of the page."""
    table = PAGE.partition(f"{header}\n")[2].partition("\n\n")[0].splitlines()
    return [line.strip("| ").split(" | ") for line in table[1:]]


def test_the_tables_of_the_page_have_all_faults_and_all_choices():
    faults = rows_of_table("| package | class | what is wrong | reported |")
    linked = [re.search(r"\]\(#(.+)\)", cells[2])[1] for cells in faults]
    assert sorted(linked) == sorted(
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in SECTIONS
    )
    choices = rows_of_table("| class | against | what it does |")
    assert sorted(choices) == sorted(
        map(
            list,
            {
                (f"`{pair.optimizer}`", f"`{pair.against}`", pair.why)
                for pair in audit.pairs()
                if pair.kind and not pair.section
            },
        )
    )


def test_the_lead_of_the_page_counts_what_was_found():
    lead = " ".join(PAGE.partition("| package |")[0].split())
    apart = [row for row in ROWS if audit.DIFFERENT in (row["verdict"], row["changing"])]
    faults = rows_of_table("| package | class | what is wrong | reported |")
    counted = {
        r"compares (\d+) pairs": len(ROWS),
        r"from (\d+) packages": len({row["version"].rpartition(" ")[0] for row in ROWS} - {""}),
        r"(\d+) pairs take the same steps": len(ROWS) - len(apart),
        r"(\d+) differ by a choice": sum(row["kind"] != "fault" for row in apart),
        r"and (\d+) because of a fault": sum(row["kind"] == "fault" for row in apart),
        r"There are (\d+) faults": len(faults),
        r"faults, in (\d+) packages": len(
            {package for cells in faults for package in cells[0].split(", ")}
        ),
    }
    said = {text: int(re.search(text, lead)[1]) for text in counted}
    assert said == counted


@pytest.mark.parametrize("file", REPRODUCTIONS, ids=lambda file: file.stem)
def test_a_reproduction_shows_its_fault_as_the_page_does(file):
    needs(file.read_text())
    assert len(file.read_text().splitlines()) <= 25
    command = [*nursery("scripts").command(), file]  # which has imported torch
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    shown = [[numbers(text) for text in found] for found in GOT.findall(process.stdout)]
    assert any(differ(*pair) for pair in shown), process.stdout
    assert f"```text\n{process.stdout}```" in PAGE


@pytest.mark.parametrize("row", sample(), ids=lambda row: f"{row['optimizer']}-{row['against']}")
def test_a_row_is_found_again(row):
    places = [row[name].partition(":")[0] for name in ("optimizer", "against")]
    needs(
        *(
            (AUDIT / place).read_text()
            if place.endswith(".py")
            else f"import {place.partition('.')[0]}"
            for place in places
        )
    )
    again = audit.compare(pair_of(row))
    assert {name: again[name] for name in ("verdict", "changing", "under", "iteration")} == {
        name: row[name] for name in ("verdict", "changing", "under", "iteration")
    }
