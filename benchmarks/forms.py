"""Right and wrong rules in the forms in which people write them: verdicts, and the report's words.

`make forms` checks all of tests/support/forms_table.py from Python, and the first right and the
first wrong rule of each form also from its file and from a notebook with the same text.
"""

import json
import sys
import tempfile
from pathlib import Path

from tabulate import tabulate
from tqdm import tqdm

import descent
from descent.optimizers.forms import recognise
from descent.parity.verdict import CONSTANT, DIFFERENT
from descent.provenance import provenance
from forms_table import RIGHT, WRONG
from forms_walking import reference
from publish import publish


def main():
    """Check all of them and write the table."""
    rules = [(rule, form, given, "right") for rule, form, given in RIGHT]
    rules += [(rule, recognise(rule, given).form, given, "wrong") for rule, given in WRONG]
    seen, rows = set(), []
    with tempfile.TemporaryDirectory() as folder:
        for rule, form, given, truth in tqdm(rules):
            everywhere = (form, truth) not in seen
            seen.add((form, truth))
            rows.append(row(rule, form, given, truth, Path(folder) if everywhere else None))
    unlike = [each for each in rows if each["as it should be"] != "yes"]
    page = (
        "# Update rules in the forms in which people write them\n\n"
        f"Made by `make forms`: {len(rows)} rules, of which {len(unlike)} have a verdict that they "
        "should not have. One right and one wrong rule of each form were checked in three places: "
        "as an object in Python, in a file, and in a notebook.\n\n"
        f"{tabulate(rows, headers='keys', tablefmt='github')}\n"
    )
    publish("forms", {"rows": rows, **provenance()}, page)


def row(rule, form, given, truth, folder):
    """Check one rule against torch's; with a folder, in all three places."""
    against, own = reference(given, rule)
    places = [rule]
    if folder:
        file = Path(sys.modules[rule.__module__].__file__)
        places += [f"{file}:{rule.__name__}", f"{_notebook(file, folder)}:{rule.__name__}"]
    reports = [
        descent.check(each, against, set_rule=given, set_reference=own, constant=True)
        for each in places
    ]
    verdicts = [report.verdict for report in reports]
    right = all(report.passed == (truth == "right") for report in reports)
    report = reports[0]
    return {
        "rule": f"{rule.__module__.removeprefix('forms_')}.{rule.__name__}",
        "form": form,
        "is": truth,
        "verdict": " / ".join(dict.fromkeys(verdicts)),
        "places": len(places),
        "as it should be": "yes" if right else "NO",
        "what the report says": _words(report),
    }


def _words(report):
    if report.verdict in (DIFFERENT, CONSTANT):
        return (report.hints or [report.begins])[0]
    return "; ".join(report.remarks)


def _notebook(file, folder):
    cells = [{"cell_type": "code", "source": file.read_text(), "metadata": {}, "outputs": []}]
    notebook = folder / f"{file.stem}.ipynb"
    notebook.write_text(json.dumps({"cells": cells, "nbformat": 4, "metadata": {}}))
    return notebook


if __name__ == "__main__":
    main()
