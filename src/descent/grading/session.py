"""The judge's end of the connection to a worker: it asks, waits no longer than allowed, and kills.

Nothing that a worker prints, and no way in which it ends, is a verdict.
"""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict

from descent.errors import RuleError
from descent.grading import orphans, protocol
from descent.grading.sandbox import environment

#: Seconds for Python and torch to start, which are not the submission's.
_START = 120

#: Seconds after which a worker that says nothing is looked after.
_LOOK = 0.2

#: A message of a worker that people read is cut after so many characters.
_LONGEST = 600


def printable(text):
    """Make a text of a worker, which may hold anything, a line of ordinary characters."""
    line = " ".join(text.split())[:_LONGEST]
    return "".join(letter if letter.isprintable() else "?" for letter in line)


class Ended(BaseException):
    """The worker is gone; the message says why.

    It is no Exception: a check takes those of a rule for something that the rule cannot do and goes
    on, and a submission that ends after its training would pass.
    """


class Session:
    """A worker, and the connection to it; a context, which kills it in the end.

    Parameters
    ----------
    folder : pathlib.Path
        Where the worker starts; holds nothing but the submission.
    limits : descent.grading.limits.Limits
    start : callable
        See `descent.grading.sandbox.choose`.
    """

    def __init__(self, folder, limits, start):
        self._limits = limits
        self._number, self._waited = 0, 0.0
        self._output = bytearray()
        self.ended = None  # why, once it has
        self._buffer = bytearray()
        self.numbers = itertools.count(1)  # of networks
        self.forgotten = []  # networks that no longer exist here
        orphans.adopt()
        self._before = orphans.children()
        self._socket, theirs = socket.socketpair()
        command = [sys.executable, "-s", "-P", "-m", "descent.grading.worker", str(theirs.fileno())]
        command, cwd = start(folder, command)
        with theirs:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._keep_output, daemon=True)
        self._reader.start()
        self._started = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        orphans.kill_new(self._before)
        self._socket.close()
        self._reader.join(1)

    @property
    def output(self):
        """What the worker has printed, up to the limit."""
        return self._output.decode(errors="replace")

    def _keep_output(self):
        """Read what is printed, so that the worker can go on printing, and keep the beginning."""
        most = self._limits.output_kb * 1024
        with self._process.stdout as stream, contextlib.suppress(OSError, ValueError):
            while piece := stream.read1(1 << 16):
                self._output += piece[: most - len(self._output)]

    def begin(self, file, rule, settings, form=None):
        """Tell the worker what it is about; return the survey of the file.

        Returns
        -------
        dict
            See `descent.grading.survey.survey`.
        """
        return self.ask(
            {
                "op": "begin",
                "file": file,
                "rule": rule,
                "settings": settings,
                "form": form,
                "limits": asdict(self._limits),
            }
        )[0]

    def ask(self, header, payload=b""):
        """Send a message and return the answer.

        Returns
        -------
        header : dict
        payload : bytes

        Raises
        ------
        RuleError
            If the submission raised an exception.
        Ended
            If there is no answer, or none that can be read; and from then on every time.
        """
        if self.ended:
            raise Ended(self.ended)
        self._number += 1
        header = {**header, "number": self._number}
        if self.forgotten:
            header["forget"], self.forgotten = self.forgotten, []
        before = time.monotonic()
        deadline = before + self._allowed()
        try:
            self._send(protocol.pack(header, payload), deadline)
            answer, numbers = self._receive(deadline)
        except Ended as ended:
            self.ended = str(ended)
            raise
        if self._started:
            self._waited += time.monotonic() - before
        self._started = True
        if isinstance(answer.get("error"), str):
            raise RuleError(printable(answer["error"]))
        return answer, numbers

    def refuse(self, what):
        """End the session because of what the worker has answered."""
        self.ended = f"its process answers with {what} and not with a step"
        raise Ended(self.ended)

    def _allowed(self):
        if not self._started:
            return _START
        return min(self._limits.answer_seconds, self._limits.wall_seconds - self._waited)

    def _send(self, message, deadline):
        view = memoryview(message)
        while view:
            self._socket.settimeout(self._slice(deadline))
            try:
                view = view[self._socket.send(view) :]
            except TimeoutError:
                self._look(deadline)
            except OSError:
                self._look(0)

    def _receive(self, deadline):
        try:
            n_header, n_payload = protocol.sizes(self._take(protocol.SIZES, deadline))
            header = protocol.unpack(self._take(n_header, deadline))
            if header.get("number") != self._number:
                raise ValueError("an answer to another question")
        except ValueError:
            self.refuse("something else")
        return header, self._take(n_payload, deadline)

    def _take(self, n, deadline):
        while len(self._buffer) < n:
            self._socket.settimeout(self._slice(deadline))
            try:
                piece = self._socket.recv(1 << 20)
            except TimeoutError:
                self._look(deadline)
                continue
            except OSError:
                piece = b""
            if not piece:
                self._look(0)
            self._buffer += piece
        taken = bytes(self._buffer[:n])
        del self._buffer[:n]
        return taken

    def _slice(self, deadline):
        return max(min(_LOOK, deadline - time.monotonic()), 0.001)

    def _look(self, deadline):
        """Raise Ended if the worker is gone, or if it is too late; a deadline of 0 is past."""
        if deadline == 0:  # the connection is closed, so its process is about to end
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
        code = self._process.poll()
        if code is not None:
            raise Ended(self._how_it_ended(code))
        if deadline == 0:
            raise Ended("its process closes the connection in place of taking a step")
        if time.monotonic() >= deadline:
            limits = self._limits
            used = self._waited + limits.answer_seconds
            if self._started and used < limits.wall_seconds:
                raise Ended(f"no answer within {limits.answer_seconds:g} seconds; does a loop end?")
            raise Ended(f"not done within {limits.wall_seconds:g} seconds")

    def _how_it_ended(self, code):
        number = -code if code < 0 else code - 128  # as a shell, and bubblewrap, report a signal
        if number in (signal.SIGXCPU, signal.SIGKILL):
            return (
                "its process was killed; it may have used more than "
                f"{self._limits.cpu_seconds} seconds of the processor, or too much memory"
            )
        with contextlib.suppress(ValueError):
            return f"its process ended in place of taking a step ({signal.Signals(number).name})"
        return f"its process ended in place of taking a step (exit code {code})"
