"""Why jobs failed, from Snakemake's logs and those of the jobs."""

import os
import re
from pathlib import Path

_SHOWN = 10  # failures
_LINES = 8  # of a message
_EVENT = re.compile(
    r"^(?:Finished jobid: (?P<done>\d+) "
    r"|Error in rule (?P<rule>\w+):\n"
    r"(?: +message: (?P<message>.*)\n)?"
    r" +jobid: (?P<job>\d+)\n"
    r"(?: +(?:input|output): .*\n)*"
    r"(?: +log: (?P<logs>.*?)(?: \(check log.*)?$)?)",
    re.MULTILINE,
)


def failures(files):
    """List why jobs failed, a line for each, from the logs of Snakemake and those of its jobs.

    Parameters
    ----------
    files : list of path
        Snakemake's logs, which name the logs of the failed jobs.

    Returns
    -------
    list of str
        At most eleven, with the lines of their messages. A job that succeeded when it was tried
        again is not among them.
    """
    logs = [Path(file) for file in files if os.path.exists(file)]  # a logger plugin may write none
    text = "\n".join(log.read_text(encoding="utf-8", errors="replace") for log in logs)
    failed = {}
    for event in _EVENT.finditer(text):
        if event["done"]:
            failed = {of: found for of, found in failed.items() if found["job"] != event["done"]}
        else:
            failed[event["rule"], event["logs"]] = event
    reasons = [_reason(**event.groupdict()) for event in failed.values()]
    left_out = len(reasons) - _SHOWN
    return [f"{left_out} more jobs failed."] * (left_out > 0) + reasons[:_SHOWN]


def _reason(rule, message, logs, **_):
    """Say why a job failed: by the end of its own log, or by what the executor says."""
    logs = (logs or "").split(", ")
    last = _message(logs[0])
    if not last or last.startswith("epoch "):
        after = f" after {last.partition(':')[0]}" if last else ""
        killed = f"it ended{after} without a message; it may have been killed for its memory"
        last = message if message not in (None, "", "None") else killed
    return f"{rule} failed: {last.removeprefix('descent.errors.')} (log: {', '.join(logs)})"


def _message(log):
    """Return the message of the exception at the end of a job's log, or else its last line."""
    try:
        text = Path(log).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    _, traceback, end = text.rpartition("Traceback (most recent call last):\n")
    lines = [line for line in (end if traceback else text).splitlines() if line.strip()]
    if not traceback:
        return lines[-1] if lines else ""
    start = next((index for index, line in enumerate(lines) if not line.startswith(" ")), 0)
    shown = lines[start:]  # after the frames, which are indented; the message may be as well
    return "\n".join(shown if len(shown) <= _LINES else [shown[0], *shown[1 - _LINES :]])
