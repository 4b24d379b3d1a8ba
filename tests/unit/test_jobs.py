"""What every script of the workflow does around its one function call."""

import os
import sys

import pytest

from descent import jobs


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


@pytest.mark.parametrize(
    ("optimizers", "codes"),
    [(["scratch.sgd", "torch.optim.SGD"], [0]), (["scratch.sgd", "mine.py:rule"], [])],
)
def test_only_a_users_file_gets_the_clean_up_of_the_process(monkeypatch, optimizers, codes):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    jobs.end_process([{"optimizer": optimizer} for optimizer in optimizers])
    assert ended == codes
