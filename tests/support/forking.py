"""Programs in processes that fork from one that has imported them, which saves seconds each time.

A nursery imports a program and then forks for every call: the program runs in a process of its own,
with its own folder, environment and output, but without the seconds that its imports take. Nothing
of `descent` is imported before the fork, so that it is the checkout's.

As a script, this file is that program for shells, see `Nursery.command`: it hands its arguments,
folder, environment and output over.
"""

import json
import os
import select
import socket
import sys
import traceback

_NURSERIES = {}


def nursery(program):
    """Return this process's nursery of `snakemake` or of `descent`."""
    if program not in _NURSERIES:
        _NURSERIES[program] = Nursery(program)
    return _NURSERIES[program]


def close_nurseries():
    """End the nurseries of this process."""
    while _NURSERIES:
        _NURSERIES.popitem()[1].close()


class Nursery:
    """A process that has imported a program; it ends with the process that made it."""

    def __init__(self, program):
        import subprocess
        import tempfile

        self._folder = tempfile.TemporaryDirectory()
        self._socket = os.path.join(self._folder.name, "socket")
        self._process = subprocess.Popen(
            [sys.executable, __file__, "serve", self._socket, program],
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


def serve(address, program):
    """Fork for every connection, until the standard input ends."""
    main = {"snakemake": import_snakemake, "descent": import_what_descent_does}[program]()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            child = os.fork()
            if child == 0:
                listener.close()
                sys.argv = [program, *settle(connection)]
                finish(main)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            connection.sendall(str(code).encode())
            connection.close()


def finish(main):
    """Call a program and end the process, without the clean-up of what was imported."""
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


def import_snakemake():
    import jsonschema  # noqa: F401 - the Snakefile imports it
    import snakemake.cli

    snakemake.cli.get_argument_parser()  # it imports the plugins
    import smart_open  # noqa: F401 - so does reading the Snakefile

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


if __name__ == "__main__":
    what, address, *arguments = sys.argv[1:]
    if what == "serve":
        sys.path.pop(0)  # the helpers of the tests are not there for programs
        serve(address, *arguments)
    else:
        sys.exit(call(address, arguments, os.getcwd(), os.environ, [1, 2]))
