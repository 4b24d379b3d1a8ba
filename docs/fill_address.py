"""Write the public address and the version into the files that quote them.

The address is `Repository` in pyproject.toml; the version is `__version__` in
src/descent/__init__.py. Run by `make address`.
"""

import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[1]

#: For each file, regular expressions that match the places, and the text that goes there.
PLACES = {
    "README.md": {
        r"(?s)(?<=<!-- address -->\n).*?(?=<!-- /address -->)": (
            "<!-- not run: needs the public address -->\n```sh\n"
            "git clone {address} && cd {name}\n```\n"
        ),
    },
    "CITATION.cff": {
        r"(?m)^version: .*": "version: {version}",
        r"(?m)^repository-code: .*": "repository-code: {address}",
    },
    "SECURITY.md": {r"https?://[^\s()]+(?=/security/)": "{address}"},
    ".github/ISSUE_TEMPLATE/config.yml": {r"https?://\S+(?=/(security|blob)/)": "{address}"},
    ".snakemake-workflow-catalog.yml": {r"(?<=git clone )[^\s`]+": "{address}"},
    "src/descent/reporting/documentation.py": {r'(?<=_ADDRESS = ")[^"]+': "{address}"},
}


def main():
    """Write the files; exit with a message if a file has no match for a place."""
    values = {"version": _version(), **_address()}
    for file, places in PLACES.items():
        text = (PROJECT / file).read_text()
        for place, form in places.items():
            text, found = re.subn(place, lambda _, form=form: form.format(**values), text)
            if not found:
                sys.exit(f"{file}: nothing matches {place}")
        (PROJECT / file).write_text(text)


def _address():
    """Return the address and its last part, which names the folder of a clone."""
    urls = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["urls"]
    address = urls["Repository"].rstrip("/").removesuffix(".git")
    return {"address": address, "name": address.rpartition("/")[2]}


def _version():
    text = (PROJECT / "src/descent/__init__.py").read_text()
    return re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)[1]


if __name__ == "__main__":
    main()
