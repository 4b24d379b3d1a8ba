import subprocess
import sys

import pytest

from descent.errors import UsageError
from descent.grading import sandbox

NEEDS_IT = pytest.mark.skipif(sandbox.probe() is not None, reason="no sandbox works here")


def test_without_a_sandbox_nothing_is_graded(monkeypatch):
    monkeypatch.setattr(sandbox, "probe", lambda: "bwrap fails (No permissions)")
    with pytest.raises(UsageError, match=r"no sandbox works here: bwrap fails \(No permissions\)"):
        sandbox.choose(unsandboxed=False)
    assert sandbox.choose(unsandboxed=True) is sandbox.bare


def test_other_systems_are_refused(monkeypatch):
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    with pytest.raises(UsageError, match="need Linux"):
        sandbox.choose(unsandboxed=True)


def test_a_missing_program_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert sandbox.probe.__wrapped__() == "bwrap is not installed"


def test_a_program_that_fails_is_quoted(monkeypatch, tmp_path):
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: No permissions to create' >&2\nexit 1")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert sandbox.probe.__wrapped__() == "bwrap fails (No permissions to create)"


def test_a_worker_learns_nothing_from_the_environment(monkeypatch):
    monkeypatch.setenv("SECRET", "1")
    assert "SECRET" not in sandbox.environment()


def inside(folder, script):
    command, cwd = sandbox.boxed(folder, [sys.executable, "-c", script])
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@NEEDS_IT
def test_inside_there_is_no_network_and_only_its_own_folder(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "mine").write_text("mine")
    (tmp_path / "other").write_text("other")
    one = tmp_path / "one"
    assert inside(one, "print(open('mine').read())") == "mine"
    assert "FileNotFoundError" in inside(one, f"open({str(tmp_path / 'other')!r})")
    assert "Read-only" in inside(one, "open('mine', 'w')")
    assert "Read-only" in inside(one, "open('/usr/x', 'w')")
    assert "unreachable" in inside(
        one, "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    )
    assert int(inside(one, "import os; print(os.getpid())")) < 10, "it sees no other process"
