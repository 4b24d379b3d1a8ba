"""The built package contains the whole library."""

import shutil
import subprocess
import sys
import zipfile

from configurations import PROJECT


def test_a_wheel_holds_every_module_and_template(tmp_path):
    project = tmp_path / "project"
    shutil.copytree(PROJECT / "src", project / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, project)
    command = [sys.executable, "-m", "uv", "build", "--wheel", "--offline", "--no-build-isolation"]
    command += ["--python", sys.executable, "--out-dir", tmp_path, project]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("descent/")}
    library = PROJECT / "src"
    files = [file for file in (library / "descent").rglob("*.*") if file.suffix != ".pyc"]
    assert held == {str(file.relative_to(library)) for file in files}
