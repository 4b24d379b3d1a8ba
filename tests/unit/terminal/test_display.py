"""The progress of a run: one display that is drawn anew in a terminal, lines elsewhere."""

import io
import re
import time

import pytest

from descent.terminal.display import Bar, Lines, display
from descent.terminal.running import Job


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)


def test_a_terminal_gets_a_bar_and_everything_else_lines(monkeypatch):
    assert isinstance(display(Terminal()), Bar)
    assert isinstance(display(io.StringIO()), Lines)


@pytest.mark.parametrize(("name", "value"), [("TERM", "dumb"), ("TERM", ""), ("CI", "true")])
def test_a_terminal_that_cannot_draw_gets_lines(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert isinstance(display(Terminal()), Lines)


def test_lines_are_few_for_any_number_of_jobs():
    stream = io.StringIO()
    lines = Lines(stream)
    for done in range(1, 10_001):
        lines.update(done, 10_000, [], None)
        lines.update(done, 10_000, [], Job(f"job_{done}", "none.log"))
    said = stream.getvalue().splitlines()
    assert len(said) == 20
    assert said[0] == "500 of 10000 jobs done: job_500"
    assert said[-1] == "10000 of 10000 jobs done: job_10000"


def test_the_target_is_no_job_with_a_name():
    stream = io.StringIO()
    Lines(stream).update(1, 1, [], Job("default", None))
    assert stream.getvalue() == "1 of 1 jobs done\n"


def test_silence_is_broken_by_what_is_running_and_more_rarely_in_a_long_run(monkeypatch, tmp_path):
    monkeypatch.setattr("descent.terminal.display._SILENCE", 0.01)
    log = tmp_path / "job.log"
    log.write_text("epoch 3/9: test accuracy 8.00 %, 0 s per seed\n")
    stream = io.StringIO()
    lines = Lines(stream)
    lines.update(1, 4, [Job("train", str(log)), Job("b", None), Job("c", None)], None)
    time.sleep(0.6)  # sixty times that patience
    lines.close()
    said = stream.getvalue().splitlines()
    assert 3 < len(said) < 25
    what = "running: train, epoch 3/9, test accuracy 8.00 %; and 2 more"
    assert set(said) == {f"1 of 4 jobs done after 00:00; {what}"}
    time.sleep(0.3)
    assert stream.getvalue().splitlines() == said


def test_a_run_that_says_something_is_not_silent(monkeypatch):
    monkeypatch.setattr("descent.terminal.display._SILENCE", 1)
    stream = io.StringIO()
    lines = Lines(stream)
    lines.update(0, 9, [], None)
    for _ in range(15):
        lines.say("something")
        time.sleep(0.1)
    lines.close()
    assert "jobs done" not in stream.getvalue()


def drawn(monkeypatch, width, jobs, **options):
    """Draw once and return what is in the terminal, without codes."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("LINES", "12")
    stream = Terminal()
    bar = display(stream, **options)
    bar.update(3, 30, jobs, None)
    bar.close()
    return stream.getvalue()


def test_a_bar_that_was_removed_erases_nothing():
    stream = Terminal()
    bar = display(stream)
    bar.update(1, 3, [Job("a", None)], None)
    bar.close()
    bar.say("stopping")
    bar.update(1, 3, [], None)
    bar.close()
    assert stream.getvalue().endswith("stopping\n")


@pytest.mark.parametrize("width", [10, 40, 200])
def test_no_line_is_wider_than_the_terminal(monkeypatch, width):
    jobs = [Job("a_very_long_name_" * 20, None), Job("b", None)]
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn(monkeypatch, width, jobs))
    lines = re.split(r"[\r\n]+", text)
    assert max(map(len, lines)) <= width
    assert any("b" in line for line in lines)


def test_jobs_that_do_not_fit_are_counted(monkeypatch):
    jobs = [Job(f"job_{index}", None) for index in range(100)]
    text = drawn(monkeypatch, 80, jobs)
    assert "job_7" in text and "job_8" not in text and "and 92 more" in text


def test_colors_can_be_switched_off(monkeypatch):
    def colored(text):
        return re.search(r"\x1b\[[0-9;]*3[0-9]", text) is not None

    assert colored(drawn(monkeypatch, 80, []))
    assert not colored(drawn(monkeypatch, 80, [], colors=False))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colored(drawn(monkeypatch, 80, []))


def test_what_is_said_is_no_markup_and_is_not_wrapped(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    display(stream).say("[red]results/a_long_name/report.html")
    assert stream.getvalue() == "[red]results/a_long_name/report.html\n"
