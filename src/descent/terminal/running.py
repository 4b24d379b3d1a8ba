"""What a job is doing, from the log that it writes anyway."""

import os
import re
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

#: Printed by `descent.training.loop` after every epoch: one accuracy per seed, in percent.
_EPOCH = re.compile(r"^epoch (\d+/\d+): test accuracy (.*) %", re.MULTILINE)
_END = 4096  # bytes of a log that are looked at while its job runs


@dataclass
class Job:
    """A job of Snakemake.

    Attributes
    ----------
    name : str
        Its Snakemake rule, and its wildcards.
    log : str or None
    started : float
        Seconds since the epoch of `time.time`.
    """

    name: str
    log: str | None
    started: float = field(default_factory=time.time)

    def doing(self):
        """Return the epoch and mean test accuracy of a training job; an empty text for others."""
        found = _EPOCH.findall(self._end_of_log())
        if not found:
            return ""
        epoch, shown = found[-1]
        accuracies = [float(text) for text in shown.split() if text != "diverged"]
        diverged = len(shown.split()) - len(accuracies)
        texts = [f"epoch {epoch}"]
        if accuracies:
            texts.append(f"test accuracy {statistics.mean(accuracies):.2f} %")
        if diverged:
            texts.append(f"{diverged} diverged")
        return ", ".join(texts)

    def notes(self):
        """List the lines of the log that are for people: `Note: ...`."""
        try:
            lines = Path(self.log or "").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        return [line for line in lines if line.startswith("Note: ")]

    def _end_of_log(self):
        """Read the end of the log, unless it is that of an earlier run."""
        try:
            with open(self.log or "", "rb") as log:
                about = os.fstat(log.fileno())
                if about.st_mtime < self.started - 1:  # time stamps may be that coarse
                    return ""
                log.seek(max(0, about.st_size - _END))
                return log.read().decode("utf-8", errors="replace")
        except OSError:
            return ""
