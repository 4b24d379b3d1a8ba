"""What stands in the terminal in place of Snakemake's own output, which goes to its log."""

import contextlib
import io
import logging
import os
import sys

from descent.terminal.display import display
from descent.terminal.reasons import failures
from descent.terminal.running import Job

_NOTHING = "Nothing to be done"
_OF_SLURM = "SLURM run ID"  # with which `scancel` ends the jobs of a run that was killed
_INTERRUPTED = "Terminating processes on user request"
_STOPPED = "Stopped as you asked."
_STOPPING = "Will exit after finishing currently running jobs"
#: Said at every failure, or of every job, whatever the reason.
_EMPTY = (
    "At least one job did not complete successfully",
    "Exiting because a job execution failed",
    "RuleException:\nCalledProcessError in file",
)
_AGAIN = "To go on, run the same command again."
_WARNING, _ERROR = 3, 9  # lines of a message that are shown


def take_over(workflow, begin, finish):
    """Let a `Screen` take the place of the handler that writes Snakemake's own output.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    begin, finish : function
        Return the lines that say what is run, and what a run has found.

    Returns
    -------
    Screen or None
        None where Snakemake's own output stays: in the jobs that Snakemake starts, in a workflow
        that uses this one as a module, in dry runs, with --verbose, --printshellcmds,
        --show-failed-logs or --debug-dag, or with a logger plugin that writes to the terminal.
    """
    settings = workflow.output_settings
    unwanted = (
        *(settings.dryrun, settings.verbose, settings.printshellcmds),
        *(settings.show_failed_logs, settings.debug_dag),
    )
    logger = workflow.logger_manager.logger
    own = next((one for one in logger.handlers if one.name == "DefaultStreamHandler"), None)
    ours = workflow.is_main_process and len(workflow.modifier_stack) == 1
    if own is None or not ours or any(unwanted):
        return None
    sys.excepthook = _without_traceback
    screen = Screen(own, workflow.logger_manager, settings, begin, finish)
    logger.removeHandler(own)
    logger.addHandler(screen)
    return screen


class Screen(logging.Handler):
    """Show the records that Snakemake logs, from when it begins to plan jobs; before, it does so.

    From then on, what Snakemake and its jobs write to the terminal themselves goes to Snakemake's
    log, because it would destroy the display.

    Parameters
    ----------
    own : logging.StreamHandler
        Snakemake's.
    manager : snakemake.logging.LoggerManager
    settings : snakemake.settings.types.OutputSettings
    begin, finish : function
        See `take_over`.
    """

    def __init__(self, own, manager, settings, begin, finish):
        super().__init__()
        self.name = "DescentLab"
        self._own, self._manager, self._settings = own, manager, settings
        self._begin, self._finish = begin, finish
        quiet = {str(kind).rpartition(".")[2].lower() for kind in settings.quiet or ()}
        self._quiet, self._silent = bool(quiet), "all" in quiet
        self._outputs = {}  # descriptors, and copies of what they were
        self._display = None
        self._running, self._done, self._total = {}, 0, 0
        self._errors, self._failed, self._interrupted = [], False, False
        self._ended = False

    def emit(self, record):
        """Show a record, or let Snakemake's handler do it before the workflow has started."""
        event = str(getattr(record, "event", None))
        if self._display is None and event != "workflow_started":
            self._own.handle(record)
            return
        try:
            # Events without a method are in the log.
            getattr(self, f"_{event}", lambda record: None)(record)
        except Exception:
            self.handleError(record)

    def succeed(self):
        """Say what the run has found."""
        self._display.close()
        self._say(*self._finish())

    def close(self):
        """Say last why the run has failed, if it has, and give the terminal back."""
        if self._display and not self._ended:
            self._ended = True  # Snakemake closes it, and then Python does
            self._display.close()
            if self._failed or self._interrupted:
                self._conclude()
            self._give_back()
        super().close()

    def _say(self, *lines, always=False):
        if lines and (always or not self._silent):
            with contextlib.suppress(OSError):  # a pipe that nobody reads any more
                self._display.say("\n".join(lines))

    def _workflow_started(self, record):
        stream = self._take_outputs()
        self._display = display(stream, colors=not self._settings.nocolor)
        if not self._quiet:
            self._say(*self._begin())

    def _run_info(self, record):
        self._total = record.stats["total"]
        if not self._quiet:
            self._say(f"{self._total} jobs to do; Snakemake's log: {self._log()}")

    def _job_info(self, record):
        wildcards = dict(record.wildcards or {}).values()
        name = " ".join([record.rule_name, *map(str, wildcards)])
        self._running[record.jobid] = Job(name, next(iter(record.log), None))
        self._update()

    def _job_finished(self, record):
        job = self._running.pop(record.job_id, None)
        self._done += 1
        if job:
            self._say(*job.notes())
        self._update(job)

    def _job_error(self, record):
        self._running.pop(record.jobid, None)
        self._update()

    def _error(self, record):
        self._failed = True
        message = record.getMessage()
        if not any(text in message for text in _EMPTY):
            self._errors.append(message)

    def _progress(self, record):
        self._total = record.total

    def _None(self, record):
        message = str(record.msg or "")
        if message.startswith(_NOTHING):
            self._say(f"{_NOTHING}: what was asked for is there, and up to date.", *self._finish())
        elif message.startswith(_OF_SLURM):
            self._say(message)
        elif message.startswith(_INTERRUPTED):
            self._interrupted = True
            self._display.close()
            self._say("Stopping the running jobs ...")
        elif message.startswith(_STOPPING):
            if not self._interrupted:
                self._say("Stopping as soon as the running jobs are done ...")
            self._interrupted = True
        elif record.levelno >= logging.ERROR:
            self._error(record)
        elif record.levelno >= logging.WARNING:
            self._say(*_shortened(message, _WARNING))

    def _update(self, finished=None):
        if not self._quiet:
            self._display.update(self._done, self._total, list(self._running.values()), finished)

    def _conclude(self):
        """Say why the run has ended early."""
        of_jobs = [] if self._interrupted else failures(self._manager.get_logfile())
        progress = f"{self._done} of {self._total} jobs done. " if self._total else ""
        if self._interrupted:
            self._say(f"{_STOPPED} {progress}{_AGAIN}", always=True)
            return
        self._say(f"Snakemake's log: {self._log()}")
        if self._total:
            self._say(f"{progress}What is done is kept.")
        found = [line for text in self._errors for line in _shortened(text, _ERROR)][-_ERROR:]
        self._say(*found, *of_jobs, always=True)
        if not found and not of_jobs:
            self._say("A job failed; the log says which.", always=True)

    def _log(self):
        return ", ".join(map(os.path.relpath, self._manager.get_logfile())) or "none"

    def _take_outputs(self):
        """Send the two outputs to Snakemake's log; return a stream to the terminal."""
        logs = self._manager.get_logfile()
        stream = sys.stdout if self._settings.stdout else sys.stderr
        if not logs:
            return stream
        sys.stdout.flush(), sys.stderr.flush()
        kept = os.dup(stream.fileno())
        log = os.open(logs[-1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for descriptor in (1, 2):
            self._outputs[descriptor] = os.dup(descriptor)
            os.dup2(log, descriptor)
        os.close(log)
        self._stream = io.TextIOWrapper(
            io.FileIO(kept, "w"), encoding=stream.encoding, errors="replace", write_through=True
        )
        return self._stream

    def _give_back(self):
        with contextlib.suppress(OSError):
            sys.stdout.flush(), sys.stderr.flush()
        for descriptor, copy in self._outputs.items():
            os.dup2(copy, descriptor)
            os.close(copy)
        self._outputs = {}


def _without_traceback(kind, error, traceback):
    """Say that a run was stopped before any job: then Snakemake lets Python end it."""
    if issubclass(kind, KeyboardInterrupt):
        print(_STOPPED, _AGAIN, file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, traceback)


def _shortened(message, lines):
    """Return the lines of a message: the first and the last ones of a long one."""
    found = [line for line in message.splitlines() if line.strip()]
    if len(found) <= lines:
        return found
    return [*found[: lines // 2], "...", *found[-(lines - lines // 2 - 1) :]]
