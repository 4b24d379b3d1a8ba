"""The progress of a run: one display that is drawn anew in a terminal, lines elsewhere."""

import os
import time
from importlib.util import find_spec

_PARTS = 20  # without a terminal, a run has at most so many lines of progress
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

    Parameters
    ----------
    stream : file
    """

    def __init__(self, stream):
        self._stream, self._parts = stream, 0

    def say(self, text):
        """Write lines of text."""
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
        if finished and total and (parts := _PARTS * done // total) > self._parts:
            self._parts = parts
            texts = [finished.name, finished.doing()] if finished.log else []
            what = ", ".join(filter(None, texts))
            self.say(f"{done} of {total} jobs done" + (f": {what}" if what else ""))

    def close(self):
        """Do nothing: every line has been written."""


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
        self._live.start()

    def close(self):
        """Remove the bar."""
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


def _clock(seconds):
    return time.strftime("%M:%S" if seconds < 3600 else "%H:%M:%S", time.gmtime(seconds))
