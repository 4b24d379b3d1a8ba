"""`descent new`: the template for an update rule, and its test."""

import os
import re
import runpy
import subprocess
import sys

import pytest

from configurations import PROJECT
from descent.cli import main


@pytest.mark.slow
def test_the_template_passes_its_test_and_fails_it_when_it_is_wrong(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "mine"]) == 0
    assert {file.name for file in tmp_path.iterdir()} == {"mine.py", "test_mine.py"}
    test = runpy.run_path("test_mine.py")["test_mine_takes_the_steps_of_its_reference"]
    test()
    assert main(["new", "mine"]) == 2
    assert "mine.py: already exists" in capsys.readouterr().err
    source = (tmp_path / "mine.py").read_text()
    (tmp_path / "mine.py").write_text(source.replace("sub_(lr * g", "sub_(3 * lr * g"))
    with pytest.raises(AssertionError, match="is 3 times the reference's"):
        test()


@pytest.mark.slow
def test_a_new_rule_passes_its_test_and_fails_it_when_it_is_wrong(tmp_path):
    """In processes of their own, as a user has it: `python -m descent`, then pytest for both."""

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

    for name, text in files.items():
        text = text.replace("mine", "wrong").replace("sub_(lr * g", "sub_(3 * lr * g")
        (tmp_path / name.replace("mine", "wrong")).write_text(text)
    process = python("pytest", "-rA", "test_mine.py", "test_wrong.py")
    assert process.returncode == 1
    assert re.search("^PASSED test_mine.py::", process.stdout, re.MULTILINE)
    assert re.search("^FAILED test_wrong.py::", process.stdout, re.MULTILINE)
    assert "1 failed, 1 passed" in process.stdout
    assert "the learning rate, or every step, is 3 times the reference's" in process.stdout


@pytest.mark.parametrize("name", ["my-rule", "class", "../x", ""])
def test_a_rule_needs_a_name(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", name]) == 2
    assert "not a valid Python name" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
