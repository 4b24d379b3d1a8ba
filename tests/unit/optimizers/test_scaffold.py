"""`descent new`: the template for an update rule, and its test."""

import os
import subprocess
import sys

import pytest

from configurations import PROJECT
from descent.cli import main


def test_a_new_rule_passes_its_test_and_fails_it_when_it_is_wrong(tmp_path):
    """In processes of their own, as a user has it: `python -m descent`, then pytest."""

    def python(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(PROJECT / "src")}
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    assert python("descent", "new", "mine").returncode == 0
    files = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert files.keys() == {"mine.py", "test_mine.py"}
    again = python("descent", "new", "mine")
    assert again.returncode == 2 and "mine.py: already exists" in again.stderr
    assert python("pytest", "test_mine.py").returncode == 0

    (tmp_path / "mine.py").write_text(files["mine.py"].replace("sub_(lr * g", "sub_(3 * lr * g"))
    process = python("pytest", "test_mine.py")
    assert process.returncode == 1
    assert "the first step is 3 times the reference's" in process.stdout


@pytest.mark.parametrize("name", ["my-rule", "class", "../x", ""])
def test_a_rule_needs_a_name(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", name]) == 2
    assert "not a valid Python name" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
