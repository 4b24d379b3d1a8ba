"""pyproject.toml, the locks and the conda environment describe the same versions."""

import re
import tomllib
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

PROJECT = Path(__file__).parents[2]
LOCK = (PROJECT / "workflow" / "envs" / "requirements.txt").read_text()
MAKEFILE = (PROJECT / "Makefile").read_text()
OLDEST = (PROJECT / "tests" / "oldest.txt").read_text()


def locked(lock=LOCK):
    """Requirements of a lock, with their markers, without their hashes."""
    return [Requirement(line.rstrip("\\ ")) for line in lock.splitlines() if "==" in line[:80]]


#: Extras that are not locked: only who names an optimizer of these frameworks needs them.
UNLOCKED = {"jax", "keras"}


def ranges():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    locked = chain.from_iterable(extras[extra] for extra in extras.keys() - UNLOCKED)
    return sorted(map(Requirement, [*project["dependencies"], *locked]), key=str)


def test_the_makefile_locks_all_other_extras():
    [line] = re.findall(r"^EXTRAS := \$\(addprefix --extra ,(.*)\)$", MAKEFILE, re.MULTILINE)
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert {*line.split()} == extras["optional-dependencies"].keys() - UNLOCKED


@pytest.mark.parametrize("wanted", ranges(), ids=lambda requirement: requirement.name)
def test_the_lock_is_within_the_ranges_and_installed(wanted):
    pins = [pin for pin in locked() if pin.name == wanted.name]
    assert pins
    for pin in pins:
        [version] = [part.version for part in pin.specifier]
        assert version in wanted.specifier
    [here] = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    assert metadata.version(wanted.name).partition("+")[0] in here.specifier


def test_the_conda_environment_has_the_locked_versions():
    environment = yaml.safe_load((PROJECT / "workflow" / "envs" / "descent.yaml").read_text())
    [pip] = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    names = {requirement.name for requirement in ranges()}
    expected = {str(pin) for pin in locked() if pin.name in names}
    assert {str(Requirement(text)) for text in pip} == expected
    python = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert f"python {python}" in environment["dependencies"]


def test_the_oldest_versions_are_the_lower_bounds():
    """Of what the library alone needs, so that `make test-oldest` tests them."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    for wanted in map(Requirement, project["dependencies"]):
        [bound] = [part.version for part in wanted.specifier if part.operator == ">="]
        [pin] = [pin for pin in locked(OLDEST) if pin.name == wanted.name]
        assert Version(bound) in pin.specifier


@pytest.mark.parametrize("lock", [LOCK, OLDEST], ids=["lock", "oldest"])
def test_every_pin_has_a_hash_and_no_address(lock):
    entries = re.split(r"\n(?=\S)", lock)
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)
    assert "://" not in lock and "--index" not in lock and "--find-links" not in lock
