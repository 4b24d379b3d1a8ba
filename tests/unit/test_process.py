"""How a process of this project imports and ends; the command's is in test___main__.py."""

import gc
import gzip
import subprocess
import sys
from textwrap import dedent

import pytest

from descent import process
from descent.process import collect_as_usual, importing


def run(code, folder):
    """Run code in a process of ours; return its exit code and what it prints."""
    code = f"from descent.process import Process\nprocess = Process()\n{dedent(code)}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_files_that_are_left_open_are_complete(tmp_path):
    """Also one that writes to another, whose end has a checksum."""
    code = """
        import gzip
        plain = open("plain.txt", "w"); plain.write("a")
        packed = gzip.open("packed.gz", "wt"); packed.write("b")
        binary = open("binary", "wb"); binary.write(b"c")
        process.status = 0
        print("d", end="")
    """
    assert run(code, tmp_path) == (0, "d", "")
    assert (tmp_path / "plain.txt").read_text() == "a"
    assert gzip.decompress((tmp_path / "packed.gz").read_bytes()) == b"b"
    assert (tmp_path / "binary").read_bytes() == b"c"


@pytest.mark.parametrize(
    ("code", "status"),
    [("", 1), ("process.status = 3", 3), ("process.status = 0", 0), ("raise ValueError", 1)],
)
def test_the_exit_code_is_its_status_and_1_before_there_is_one(tmp_path, code, status):
    assert run(code, tmp_path)[0] == status


def test_what_others_register_is_called_before_the_end(tmp_path):
    code = """
        import atexit, threading, time
        atexit.register(print, "registered")
        threading.Thread(target=lambda: (time.sleep(0.5), print("thread"))).start()
    """
    assert run(code, tmp_path)[1].split() == ["thread", "registered"]


def test_objects_are_not_taken_apart(tmp_path):
    """That is what takes long after torch is imported."""
    code = """
        class Noisy:
            def __del__(self): print("taken apart")
        kept = Noisy()
    """
    assert run(code, tmp_path)[1] == ""


def test_garbage_is_looked_for_rarely_only_meanwhile():
    before = gc.get_threshold()
    with pytest.raises(ImportError), importing():
        assert gc.get_threshold()[0] == process._NEW_OBJECTS
        raise ImportError
    assert gc.get_threshold() == before
    gc.set_threshold(1)
    collect_as_usual()
    assert gc.get_threshold() == process._USUAL
