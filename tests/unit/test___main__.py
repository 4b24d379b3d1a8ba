"""The process of the command: how it ends."""

import os
import subprocess
import sys
from textwrap import dedent

import pytest

from configurations import PROJECT

RULE = """
    import atexit, threading, time

    log = open("log.txt", "w")  # never closed
    log.write("still in the buffer")
    atexit.register(lambda: print("said at the end"))
    threading.Thread(target=lambda: (time.sleep(2), open("late.txt", "w").close())).start()

    def rule(parameters, gradients, state, *, lr):
        for p, g in zip(parameters, gradients):
            p.sub_(3 * lr * g)  # a mistake
"""


def descent(folder, *arguments, **options):
    command = [sys.executable, "-m", "descent", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "src")}
    options = {"capture_output": True, "text": True, **options}
    return subprocess.run(command, cwd=folder, env=environment, **options)


def test_what_a_rule_leaves_to_the_end_of_the_process_is_done(tmp_path):
    """Its buffers are written, what it registered is called, and its threads are waited for."""
    (tmp_path / "mine.py").write_text(dedent(RULE))
    done = descent(
        tmp_path, "check", "mine.py:rule", "--against", "torch.optim.SGD", "--set", "lr=0.01"
    )
    assert done.returncode == 1 and not done.stderr
    assert "verdict:" in done.stdout and done.stdout.endswith("said at the end\n")
    assert (tmp_path / "log.txt").read_text() == "still in the buffer"
    assert (tmp_path / "late.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--help"], 0), ([], 2), (["check"], 2), (["new", "my-rule"], 2)]
)
def test_the_exit_code_is_that_of_the_command(tmp_path, arguments, status):
    assert descent(tmp_path, *arguments).returncode == status


def test_a_reader_may_stop_reading(tmp_path):
    (read, write) = os.pipe()
    os.close(read)
    try:
        done = descent(
            tmp_path, "--help", stdout=write, capture_output=False, stderr=subprocess.PIPE
        )
    finally:
        os.close(write)
    assert "Traceback" not in done.stderr


def test_an_exception_that_nobody_expects_is_shown_and_is_no_success(tmp_path):
    code = "import descent.__main__ as entry; entry.main = lambda: 1 / 0; entry.run()"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "src")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr
