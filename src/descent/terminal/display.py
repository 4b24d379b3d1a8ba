"""The progress of a run: one display that is drawn anew in a terminal, lines elsewhere."""

import contextlib
import os
import threading
import time
from importlib.util import find_spec

_PARTS = 20  # without a terminal, a run has at most so many lines of progress
_SILENCE = 60  # seconds, after which a line says that the run goes on
_SHOWN = 8  # jobs below the bar


def display(stream, *, colors=True):
    """Return the display for a stream.

    Parameters
    ----------
    stream : file
    colors : bool
        Whether a terminal may be given colors; rich also respects NO_COLOR.

    Returns
    -------
    Bar or Lines
        Lines unless it is a terminal for people that can move its cursor, and rich is there.
    """
    dumb = os.environ.get("TERM", "").lower() in ("", "dumb", "unknown")
    drawn = stream.isatty() and not dumb and not os.environ.get("CI") and find_spec("rich")
    return Bar(stream, colors) if drawn else Lines(stream)


class Lines:
    """Plain lines, for a file, a pipe, or the log of a service.

    After a minute of silence, a line says what is running; later in a run, after a quarter of the
    time that it has taken, so that a run of a day has some thirty such lines.

    Parameters
    ----------
    stream : file
    """

    def __init__(self, stream):
        self._stream, self._parts = stream, 0
        self._begun = self._said = time.monotonic()
        self._now = None  # how many jobs are done, how many there are, and which ones are running
        self._ended = threading.Event()
        self._writing = threading.RLock()  # a signal may interrupt writing, and is said as well

    def say(self, text):
        """Write lines of text."""
        with self._writing:
            self._said = time.monotonic()
            print(text, file=self._stream, flush=True)

    def update(self, done, total, running, finished):
        """Write a line if a twentieth of the jobs has been done since the last one.

        Parameters
        ----------
        done, total : int
            Jobs.
        running : list of descent.terminal.running.Job
        finished : descent.terminal.running.Job or None
            The one that has just finished, if one has.
        """
        first, self._now = self._now is None, (done, total, list(running))
        if first:
            threading.Thread(target=self._break_silence, daemon=True).start()
        if finished and total and (parts := _PARTS * done // total) > self._parts:
            self._parts = parts
            what = _told(finished) if finished.log else ""
            self.say(f"{done} of {total} jobs done" + (f": {what}" if what else ""))

    def close(self):
        """End the lines that break the silence."""
        self._ended.set()

    def _break_silence(self):
        with contextlib.suppress(OSError):  # a pipe that nobody reads any more
            while not self._ended.wait(self._left()):
                if not self._left():
                    self.say(self._still())

    def _still(self):
        done, total, running = self._now
        what = f"; running: {_told(running[0])}" if running else ""
        more = f"; and {len(running) - 1} more" if len(running) > 1 else ""
        spent = _clock(time.monotonic() - self._begun)
        return f"{done} of {total} jobs done after {spent}{what}{more}"

    def _left(self):
        """Return for how many seconds silence may still last."""
        allowed = max(_SILENCE, (self._said - self._begun) / 4)
        return max(0, self._said + allowed - time.monotonic())


class Bar:
    """A bar over the jobs, and below it what is running, drawn anew four times a second.

    Parameters
    ----------
    stream : file
        A terminal.
    colors : bool
    """

    def __init__(self, stream, colors):
        from rich.console import Console  # only where there is a terminal
        from rich.live import Live

        self._console = Console(
            file=stream, force_terminal=True, no_color=None if colors else True, highlight=False
        )
        self._done, self._total, self._running, self._begun = 0, 0, [], time.time()
        self._closed = False
        self._live = Live(
            get_renderable=self._draw,
            console=self._console,
            refresh_per_second=4,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def say(self, text):
        """Write lines of text, above the bar."""
        self._console.print(text, markup=False, soft_wrap=True)

    def update(self, done, total, running, finished):
        """Draw these numbers and jobs from now on; see `Lines.update`."""
        self._done, self._total, self._running = done, total, list(running)
        if not self._closed:
            self._live.start()

    def close(self):
        """Remove the bar, for good: drawn again, it would erase lines above it."""
        self._closed = True
        self._live.stop()

    def _draw(self):
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        now, places = time.time(), max(1, min(_SHOWN, self._console.height - 4))
        head = Table.grid(padding=(0, 1), expand=True)
        head.add_column(ratio=1)
        head.add_column(no_wrap=True)
        head.add_row(
            ProgressBar(total=self._total, completed=self._done),
            f"{self._done} of {self._total} jobs  {_clock(now - self._begun)}",
        )
        lines = [
            Text(
                f"  {job.name}  {job.doing() or _clock(now - job.started)}",
                no_wrap=True,
                overflow="crop",
            )
            for job in self._running[:places]
        ]
        if more := len(self._running) - places:
            lines += [Text(f"  and {more} more")] * (more > 0)
        return Group(head, *lines)


def _told(job):
    return ", ".join(filter(None, [job.name, job.doing()]))


def _clock(seconds):
    return time.strftime("%M:%S" if seconds < 3600 else "%H:%M:%S", time.gmtime(seconds))
