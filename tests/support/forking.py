"""Programs in processes that fork from one that has imported them, which saves seconds each time.

A nursery imports a program and then forks for every call: the program runs in a process of its own,
with its own folder, environment and output, but without the seconds that its imports take. Nothing
of `descent` is imported before the fork, so that it is the checkout's.

As a script, this file is that program for shells, see `Nursery.command`: it hands its arguments,
folder, environment and output over.

The scripts that a forked Snakemake runs are forked, too, from a Python that has imported what most
of them import. A Snakemake that is started as a user starts it starts them likewise.
"""

import atexit
import gc
import json
import os
import runpy
import select
import shlex
import signal
import socket
import sys
import traceback

_NURSERIES = {}


def nursery(program):
    """Return this process's nursery of `snakemake`, of `descent` or of Python `scripts`."""
    if program not in _NURSERIES:
        more = [nursery("scripts").python()] if program == "snakemake" else []
        _NURSERIES[program] = Nursery(program, *more)
    return _NURSERIES[program]


def close_nurseries():
    """End the nurseries of this process."""
    while _NURSERIES:
        _NURSERIES.popitem()[1].close()


class Nursery:
    """A process that has imported a program; it ends with the process that made it."""

    def __init__(self, program, *more):
        import subprocess
        import tempfile

        self._folder = tempfile.TemporaryDirectory()
        self._socket = os.path.join(self._folder.name, "socket")
        self._process = subprocess.Popen(
            [sys.executable, __file__, "serve", self._socket, program, *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        )
        assert self._process.stdout.readline() == b"ready\n"

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()

    def command(self):
        """Return the command that calls the program from a shell, without its arguments."""
        return [sys.executable, "-I", "-S", __file__, "call", self._socket]

    def python(self):
        """Write a program that takes the place of Python; return its path."""
        file = os.path.join(self._folder.name, "python")
        scripts, options = map(shlex.join, (self.command(), [sys.executable]))
        with open(file, "w") as program:
            program.write(f'#!/bin/sh\ncase "$1" in -*) exec {options} "$@" ;; esac\n')
            program.write(f'exec {scripts} "$@"\n')
        os.chmod(file, 0o755)
        return file

    def run(self, arguments, folder, environment):
        """Call the program; return the finished process, its output as text in `stdout`."""
        import subprocess
        import tempfile

        with tempfile.TemporaryFile("w+") as output:
            code = call(self._socket, arguments, folder, environment, 2 * [output.fileno()])
            output.seek(0)
            return subprocess.CompletedProcess(arguments, code, output.read())


def call(address, arguments, folder, environment, outputs):
    """Let a nursery fork; return the exit code of the fork."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        message = json.dumps([arguments, os.fspath(folder), dict(environment)]).encode()
        socket.send_fds(connection, [len(message).to_bytes(8)], outputs)
        connection.sendall(message)
        return int(connection.makefile().read())


def serve(address, program, *more):
    """Fork for every connection, until the standard input ends."""
    imported = {
        "snakemake": import_snakemake,
        "descent": import_what_descent_does,
        "scripts": import_what_scripts_do,
    }
    main = imported[program](*more)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        gc.freeze()  # a fork that looked for garbage would copy all that was imported
        print("ready", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries who has answered
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:  # several calls at a time: each has a process that waits for it
                listener.close()
                answer(connection, main)
            connection.close()
    os._exit(0)  # without taking apart all that was imported


def answer(connection, main):
    """Fork once more, wait for that process, and send its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        sys.argv[1:] = settle(connection)
        finish(main)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    connection.sendall(str(code).encode())
    os._exit(0)


def finish(main):
    """Call a program and end the process, without the clean-up of what was imported before."""
    atexit._clear()
    try:
        code = main(sys.argv[1:])
    except SystemExit as error:
        code = error.code
    except BaseException:
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def settle(connection):
    """Become what a call asks for: no input, its output, folder, environment; return arguments."""
    size, outputs, _, _ = socket.recv_fds(connection, 8, 2)
    with connection.makefile("rb") as stream:
        arguments, folder, environment = json.loads(stream.read(int.from_bytes(size)))
    connection.close()
    for standard, file in enumerate([os.open(os.devnull, os.O_RDONLY), *outputs]):
        os.dup2(file, standard)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    return arguments


def import_snakemake(python):
    import jsonschema  # noqa: F401 - the Snakefile imports it
    import snakemake.cli

    snakemake.cli.get_argument_parser()  # it imports the plugins
    import smart_open  # noqa: F401 - so does reading the Snakefile

    sys.executable = python  # of scripts
    return snakemake.cli.main


def import_what_descent_does():
    import cloudpickle  # noqa: F401
    import pandas  # noqa: F401
    import torch._dynamo  # noqa: F401 - the first optimizer of torch imports it
    import yaml  # noqa: F401

    def main(arguments):
        sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
        from descent.cli import main

        return main(arguments)

    return main


def import_what_scripts_do():
    # as in a job of one thread
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    import jinja2  # noqa: F401
    import matplotlib
    import pyarrow.parquet  # noqa: F401
    import safetensors.torch  # noqa: F401
    import scipy.optimize
    import scipy.stats  # noqa: F401
    import torch._dynamo

    matplotlib.use("agg")
    import matplotlib.pyplot
    import pandas  # noqa: F401

    def main(arguments):
        script = arguments[0]
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
        paths = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
        sys.path[:0] = [os.path.dirname(script), *paths]
        sys.argv = arguments
        runpy.run_path(script, run_name="__main__")

    return main


if __name__ == "__main__":
    what, address, *arguments = sys.argv[1:]
    if what == "serve":
        sys.path.pop(0)  # the helpers of the tests are not there for programs
        serve(address, *arguments)
    else:
        sys.exit(call(address, arguments, os.getcwd(), os.environ, [1, 2]))
