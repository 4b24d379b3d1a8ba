"""What every script of the workflow does around its one function call."""

import contextlib
import sys
from types import SimpleNamespace

import pytest

from descent import jobs


@pytest.fixture(autouse=True)
def made(monkeypatch):
    """Keep the tests' own process as it is; return what stands for that of each job."""
    made = []

    def make():
        made.append(SimpleNamespace(status=1))
        return made[-1]

    monkeypatch.setattr(jobs, "Process", make)
    return made


def test_what_a_job_prints_goes_to_its_log(tmp_path, capsys):
    with jobs.job_log(tmp_path / "log") as log:
        print("one")
        print("two", file=sys.stderr)
        log.write("three\n")
    assert (tmp_path / "log").read_text() == "one\ntwo\nthree\n"
    assert capsys.readouterr() == ("", "")


def test_an_error_is_one_line_on_the_terminal_and_a_traceback_in_the_log(tmp_path):
    log = tmp_path / "log"
    with pytest.raises(SystemExit, match=r"^ValueError: no such number \(log: .*log\)$"):  # noqa: SIM117
        with jobs.job_log(log):
            raise ValueError("no such number")
    assert log.read_text().startswith("Traceback") and "no such number" in log.read_text()


@pytest.mark.parametrize(("error", "status"), [(None, 0), (ValueError("no such number"), 1)])
def test_the_process_of_a_job_succeeds_only_if_nothing_is_raised(tmp_path, error, status, made):
    with contextlib.suppress(SystemExit), jobs.job_log(tmp_path / "log"):
        if error:
            raise error
    assert [process.status for process in made] == [status]
