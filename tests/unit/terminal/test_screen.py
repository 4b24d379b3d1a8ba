"""What stands in the terminal in place of Snakemake's own output, which goes to its log."""

import logging
import sys
from types import SimpleNamespace

import pytest

from descent.terminal.screen import take_over

SETTINGS = {
    **dict.fromkeys(["dryrun", "verbose", "printshellcmds", "show_failed_logs"], False),
    **{"debug_dag": False, "nocolor": False, "stdout": False, "quiet": None},
}
JOB = {"rule_name": "train_ours_0", "wildcards": {}, "jobid": 3, "log": ["none.log"]}


class Run:
    """A stand-in for what Snakemake hands over, with a logger of its own and no log file."""

    def __init__(self, capsys, **settings):
        self._capsys = capsys
        logger = logging.Logger("snakemake")
        own = logging.StreamHandler()
        own.name = "DefaultStreamHandler"
        logger.addHandler(own)
        self.logger = logger
        self.workflow = SimpleNamespace(
            output_settings=SimpleNamespace(**{**SETTINGS, **settings}),
            logger_manager=SimpleNamespace(logger=logger, get_logfile=list),
            is_main_process=True,
            modifier_stack=["ours"],
        )

    def start(self):
        self.logger.handlers[0].stream = sys.stderr  # during a test, pytest's
        self.screen = take_over(self.workflow, lambda: ["what is run"], lambda: ["what was found"])
        return self

    def log(self, message=None, event=None, level=logging.INFO, **extra):
        self.logger.log(level, message, extra={"event": event, **extra} if event else extra)

    def begin(self, jobs=2):
        self.start()
        self.log(event="workflow_started")
        self.log(event="run_info", stats={"total": jobs})
        return self

    def said(self):
        return self._capsys.readouterr().err.splitlines()


@pytest.fixture
def run(capsys):
    return Run(capsys)


@pytest.mark.parametrize(
    "setting", ["dryrun", "verbose", "printshellcmds", "show_failed_logs", "debug_dag"]
)
def test_snakemakes_own_output_stays_if_it_is_asked_for(capsys, setting):
    run = Run(capsys, **{setting: True}).start()
    assert run.screen is None
    assert [handler.name for handler in run.logger.handlers] == ["DefaultStreamHandler"]


def test_snakemakes_own_output_stays_in_jobs_and_beside_a_plugin(run):
    run.workflow.is_main_process = False
    assert run.start().screen is None
    run.workflow.is_main_process = True
    run.logger.handlers[0].name = "a plugin"
    assert run.start().screen is None


def test_what_snakemake_says_before_it_plans_jobs_is_shown(run):
    run.start().log("Unlocked working directory.")
    run.log("no such rule", "error", logging.ERROR)
    run.screen.close()
    assert run.said() == ["Unlocked working directory.", "no such rule"]


def test_a_run_that_succeeds(run):
    run.begin(jobs=1)
    run.log("Building DAG of jobs...")
    run.log("Execute 1 jobs...")
    run.log(event="job_info", **JOB)
    run.log(event="job_finished", job_id=3)
    run.log(event="progress", done=1, total=1)
    run.screen.succeed()
    run.log("Complete log(s): somewhere")
    run.screen.close()
    assert run.said() == [
        "what is run",
        "1 jobs to do; Snakemake's log: none",
        "1 of 1 jobs done: train_ours_0",
        "what was found",
    ]


def test_nothing_to_do(run):
    run.start().log(event="workflow_started")
    run.log("Nothing to be done (all requested files are present and up to date).")
    run.screen.close()
    assert run.said()[-2:] == [
        "Nothing to be done: what was asked for is there, and up to date.",
        "what was found",
    ]


def test_the_reason_comes_last_and_once(run):
    run.begin().log("MissingInputException: no raw data", "error", logging.ERROR)
    run.log("Elapsed time: 1")
    run.log(
        "WorkflowError: At least one job did not complete successfully.", "error", logging.ERROR
    )
    run.screen.close()
    run.screen.close()
    said = run.said()
    assert said[-1] == "MissingInputException: no raw data" and said.count(said[-1]) == 1
    assert "0 of 2 jobs done" in said[-2]


def test_the_name_under_which_slurm_knows_the_jobs_is_shown(run):
    run.begin().log("SLURM run ID: 3ab2")
    run.log("Job 3 has been submitted")
    assert run.said()[-1] == "SLURM run ID: 3ab2"


def test_that_a_command_has_failed_is_no_reason(run):
    message = "RuleException:\nCalledProcessError in file 'x.smk', line 3:\nCommand 'y' returned 1"
    run.begin().log(message, "error", logging.ERROR)
    run.screen.close()
    assert run.said()[-2:] == [
        "0 of 2 jobs done. What is done is kept.",
        "A job failed; the log says which.",
    ]


def test_a_long_message_is_shortened_in_its_middle(run):
    message = "\n".join(["first", *(f"line {index}" for index in range(50)), "last"])
    run.begin().log(message, "error", logging.ERROR)
    run.screen.close()
    said = run.said()
    assert len(said) <= 20 and said[-1] == "last" and "first" in said and "..." in said


def test_warnings_are_shown_and_a_job_that_is_tried_again_is_no_failure(run):
    run.begin().log("one\ntwo\nthree\nfour", level=logging.WARNING)
    run.log(event="job_info", **JOB)
    run.log("Error in rule", "job_error", logging.ERROR, jobid=3)
    run.log("Trying to restart job 3.")
    run.screen.succeed()
    run.screen.close()
    assert run.said()[2:] == ["one", "...", "four", "what was found"]


@pytest.mark.parametrize(
    "message",
    [
        "Terminating processes on user request, this might take some time.",
        "Will exit after finishing currently running jobs (scheduler).",
    ],
)
def test_an_interrupted_run_says_how_to_go_on(run, message):
    run.begin().log(message)
    run.log("Exiting because a job execution failed.", level=logging.ERROR)
    run.screen.close()
    said = run.said()
    assert said[-1].startswith("Stopped as you asked. 0 of 2 jobs done. To go on, run the same")
    assert len(said) == 4


@pytest.mark.parametrize(("quiet", "found"), [(["PROGRESS"], ["what was found"]), (["ALL"], [])])
def test_quiet(capsys, quiet, found):
    run = Run(capsys, quiet=quiet).begin()
    run.log(event="job_info", **JOB)
    run.log(event="job_finished", job_id=3)
    run.screen.succeed()
    run.screen.close()
    assert run.said() == found


def test_even_a_silent_run_says_why_it_failed(capsys):
    run = Run(capsys, quiet=["ALL"]).begin()
    run.log("the reason", "error", logging.ERROR)
    run.screen.close()
    assert run.said() == ["the reason"]


def test_a_record_that_cannot_be_shown_does_not_end_the_run(run):
    run.begin().log(event="job_info")  # without the name of its rule
    run.screen.succeed()
    run.screen.close()
    assert run.said()[-1] == "what was found"
