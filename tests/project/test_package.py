"""The built package contains the whole library, and works with nothing but its dependencies."""

import shutil
import subprocess
import sys
import zipfile
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from configurations import PROJECT

#: Runs a program in which of all that is installed only some packages can be imported.
ONLY = """
import runpy, sys
from importlib.machinery import PathFinder

packages = set(sys.argv[1].split())

class Hiding(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target)
        places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
        installed = any("site-packages" in str(place) for place in places)
        return None if installed and name.partition(".")[0] not in packages else spec

sys.meta_path[:] = [Hiding if finder is PathFinder else finder for finder in sys.meta_path]
sys.argv[:] = sys.argv[2:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""

FIGURE = """
import descent

report = descent.check("scratch.sgd", "torch.optim.SGD", lr=0.1, iterations=5)
report.figure().savefig("difference.png")
assert report._repr_html_()
assert descent.plot({"mine": [2.0, 1.0]})
try:
    descent.plot({"mine": [[2.0, 1.0], [2.0, 1.5]]})  # with a band
except descent.DescentError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    project = folder / "project"
    shutil.copytree(PROJECT / "src", project / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, project)
    command = [sys.executable, "-m", "uv", "build", "--wheel", "--offline", "--no-build-isolation"]
    command += ["--python", sys.executable, "--out-dir", folder, project]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    [wheel] = folder.glob("*.whl")
    return wheel


def test_a_wheel_holds_every_module_and_template(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("descent/")}
    library = PROJECT / "src"
    files = [file for file in (library / "descent").rglob("*.*") if file.suffix != ".pyc"]
    assert held == {str(file.relative_to(library)) for file in files}


def required(requirements):
    """Name the distributions that some requirements bring, with all that these need in turn."""
    found, wanted = set(), [Requirement(text) for text in requirements]
    while wanted:
        one = wanted.pop()
        name = canonicalize_name(one.name)
        if name not in found and (one.marker is None or one.marker.evaluate({"extra": ""})):
            found.add(name)
            wanted += map(Requirement, metadata.requires(name) or ())
    return found


@pytest.mark.slow
def test_the_light_package_imports_nothing_but_its_dependencies(wheel, tmp_path):
    """As in an environment that has only these, and pytest."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    [info] = (tmp_path / "installed").glob("*.dist-info/METADATA")
    needed = metadata.PathDistribution(info.parent).requires
    distributions = required([text for text in needed if "extra ==" not in text] + ["pytest"])
    packages = [
        package
        for package, owners in metadata.packages_distributions().items()
        if {canonicalize_name(owner) for owner in owners} & distributions
    ]

    def run(*arguments):
        command = [sys.executable, "-c", ONLY, " ".join(packages), *arguments]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env={"PYTHONPATH": str(tmp_path / "installed"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
        )

    assert "No module named pyarrow" in run("pyarrow").stderr
    for arguments in (
        "descent new mine",
        "pytest -q test_mine.py",
        "descent check mine.py:mine --against torch.optim.SGD --set lr=0.1 --iterations 5",
    ):
        process = run(*arguments.split())
        assert process.returncode == 0, process.stdout + process.stderr
    (tmp_path / "figure.py").write_text(FIGURE)
    process = run("figure")
    assert process.returncode == 0 and (tmp_path / "difference.png").exists(), process.stderr
    assert 'is not installed; run: pip install "descent-lab[workflow]"' in process.stdout
