"""What a job is doing, from the log that it writes anyway."""

import os

import pytest

from descent.terminal.running import Job


@pytest.mark.parametrize(
    ("text", "doing"),
    [
        ("", ""),
        ("kept, because nothing has changed: seed 1\n", ""),
        (
            "epoch 0/9: test accuracy 8.00 10.00 %, 0.00 s per seed\n",
            "epoch 0/9, test accuracy 9.00 %",
        ),
        (
            "epoch 1/9: test accuracy 1 %, 0 s\nepoch 2/9: test accuracy diverged 50.00 %, 0 s\n",
            "epoch 2/9, test accuracy 50.00 %, 1 diverged",
        ),
        ("epoch 3/9: test accuracy diverged diverged %, 0 s per seed\n", "epoch 3/9, 2 diverged"),
        ("epoch 3/9: test accu", ""),
    ],
)
def test_a_training_job_tells_its_epoch_and_accuracy(tmp_path, text, doing):
    log = tmp_path / "job.log"
    log.write_text(text)
    assert Job("train", str(log)).doing() == doing


def test_only_the_end_of_a_long_log_is_read(tmp_path):
    log = tmp_path / "job.log"
    log.write_bytes(b"\xff" * 10_000 + b"\nepoch 4/9: test accuracy 8.00 %, 0 s per seed\n")
    assert Job("train", str(log)).doing().startswith("epoch 4/9")


def test_the_log_of_an_earlier_run_tells_nothing(tmp_path):
    log = tmp_path / "job.log"
    log.write_text("epoch 9/9: test accuracy 8.00 %, 0.00 s per seed\n")
    os.utime(log, (1, 1))
    assert Job("train", str(log)).doing() == ""


@pytest.mark.parametrize("log", [None, "nowhere.log"])
def test_a_job_without_a_log_tells_nothing(log):
    assert Job("all", log).doing() == "" and Job("all", log).notes() == []


def test_notes_are_for_people(tmp_path):
    log = tmp_path / "job.log"
    log.write_text("reading\nNote: the labels begin with 1\n")
    assert Job("prepare", str(log)).notes() == ["Note: the labels begin with 1"]
