"""The status commands for schedulers that are not installed, on output as in their manuals."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "profiles" / "cluster-generic"
SAID = [
    ("slurm", "scontrol", "JobId=7 JobState=RUNNING Reason=None", "running"),
    ("slurm", "scontrol", "JobId=7 JobState=COMPLETED Reason=None", "success"),
    ("slurm", "scontrol", "JobId=7 JobState=TIMEOUT Reason=TimeLimit", "failed"),
    ("lsf", "bjobs", "PEND", "running"),
    ("lsf", "bjobs", "DONE", "success"),
    ("lsf", "bjobs", "EXIT", "failed"),
    ("lsf", "bjobs", "", "running"),
    ("sge", "qacct", "failed       0\nexit_status  0", "success"),
    ("sge", "qacct", "failed       0\nexit_status  137", "failed"),
    ("sge", "qacct", "failed       100 : assumedly after job\nexit_status  0", "failed"),
    ("pbs", "qstat", "    job_state = R", "running"),
    ("pbs", "qstat", "    job_state = F\n    Exit_status = 0", "success"),
    ("pbs", "qstat", "    job_state = F\n    Exit_status = 271", "failed"),
    ("pbs", "qstat", "", "running"),
]
COMPLAINED = [
    ("slurm", "scontrol", "slurm_load_jobs error: Invalid job id specified", "failed"),
    ("slurm", "scontrol", "slurm_load_jobs error: Unable to contact slurm controller", "running"),
    ("sge", "qacct", "error: job id 7 not found", "running"),
    ("pbs", "qstat", "qstat: Unknown Job Id 7.server", "failed"),
    ("pbs", "qstat", "qstat: cannot connect to server server (errno=111)", "running"),
]


def run(script, folder, command, said, fails=False):
    """Run a script where `command` prints `said` and no other scheduler's command works."""
    for name, text, failing in ((command, said, fails), ("qstat", "", True)):
        fake = folder / name
        if not fake.exists():
            stream = 2 if failing else 1
            fake.write_text(f"#!/bin/sh\ncat >&{stream} <<'SAID'\n{text}\nSAID\nexit {failing:d}\n")
            fake.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.check_output([SCRIPTS / script, "7"], env=environment, text=True).strip()


@pytest.mark.parametrize(("scheduler", "command", "said", "status"), SAID)
def test_a_status_command_prints_one_word(tmp_path, scheduler, command, said, status):
    assert run(f"{scheduler}-status.sh", tmp_path, command, said) == status


@pytest.mark.parametrize(("scheduler", "command", "complaint", "status"), COMPLAINED)
def test_a_status_command_understands_errors(tmp_path, scheduler, command, complaint, status):
    assert run(f"{scheduler}-status.sh", tmp_path, command, complaint, fails=True) == status


def test_the_number_of_a_job_of_lsf(tmp_path):
    assert run("lsf-submit.sh", tmp_path, "bsub", "Job <42> is submitted to queue <all>.") == "42"
