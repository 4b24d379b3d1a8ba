"""Snakemake in a process that forks from one that has imported it, which saves a second each time.

What runs is `snakemake.cli.main`, in a process of its own, with its own folder, environment and
output. Nothing of `descent` is imported before the fork: the Snakefile imports the checkout's.
"""

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path


@cache
def nursery():
    """Return the nursery of this test process; it ends with it."""
    return Nursery()


class Nursery:
    """A process that has imported Snakemake; every call of `run` is a fork of it."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, arguments, folder, environment):
        """Run snakemake and return the finished process, its output as text in `stdout`."""
        with tempfile.NamedTemporaryFile("r") as output:
            call = [arguments, str(folder), environment, output.name]
            print(json.dumps(call), file=self._process.stdin, flush=True)
            code = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(arguments, code, output.read())


def serve():
    """Fork for every line of the standard input, and answer with the exit code."""
    import jsonschema  # noqa: F401 - the Snakefile imports it
    import snakemake.cli

    snakemake.cli.get_argument_parser()  # it imports the plugins
    assert "descent" not in sys.modules
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            arguments, folder, environment, output = json.loads(line)
            settle(folder, environment, output)
            snakemake.cli.main(arguments)
            sys.exit()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def settle(folder, environment, output):
    """Give this process a folder, an environment and an output of its own, and no input."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for standard, file, mode in ((0, os.devnull, os.O_RDONLY), (1, output, os.O_WRONLY)):
        os.dup2(os.open(file, mode | os.O_APPEND), standard)
    os.dup2(1, 2)
    sys.argv = ["snakemake"]


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))  # no helper of the tests is there for snakemake
    serve()
