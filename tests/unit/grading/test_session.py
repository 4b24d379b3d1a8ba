import pytest

from descent.errors import RuleError
from descent.grading.proxy import Isolated
from descent.grading.session import Ended, printable
from submitted import RIGHT, SETTINGS


def test_a_session_that_has_ended_stays_so(session):
    worker = session("import os\nos._exit(0)\n" + RIGHT)
    assert worker.begin("ada.py", "momentum", SETTINGS)["problem"] is None
    for _ in range(2):
        with pytest.raises(Ended, match="exit code 0"):
            worker.ask({"op": "load"})
    assert not isinstance(Ended(), Exception), "a check must not take it for a refusal"


def test_only_the_beginning_of_the_output_is_kept(session):
    worker = session("print('y' * 10**7)\n" + RIGHT, output_kb=1)
    worker.begin("ada.py", "momentum", SETTINGS)
    worker.ask({"op": "load"})
    assert worker.output == "y" * 1024


def test_an_exception_has_the_line_of_the_submission(session):
    worker = session("\n\n1 / 0\n" + RIGHT)
    worker.begin("ada.py", "momentum", SETTINGS)
    with pytest.raises(RuleError, match=r"ada\.py, line 3: ZeroDivisionError"):
        worker.ask({"op": "load"})


def test_the_time_of_all_answers_is_limited(session):
    source = RIGHT + "    import time; time.sleep(0.02)\n"
    worker = session(source, wall_seconds=1.5, answer_seconds=1.4)
    worker.begin("ada.py", "momentum", SETTINGS)
    with pytest.raises(Ended, match=r"not done within 1\.5 seconds"):
        for _ in range(99):
            Isolated.of(worker, "ada.py", "momentum", SETTINGS)


def test_the_time_of_the_processor_is_limited(session):
    worker = session("while True: pass\n" + RIGHT, cpu_seconds=1, answer_seconds=30)
    worker.begin("ada.py", "momentum", SETTINGS)
    with pytest.raises(Ended, match="more than 1 seconds of the processor"):
        worker.ask({"op": "load"})


def test_a_worker_is_asked_what_it_cannot_understand(session):
    worker = session(RIGHT)
    worker.begin("ada.py", "momentum", SETTINGS)
    with pytest.raises(Ended):
        worker.ask({"op": "grade"})


def test_what_a_worker_says_is_a_line_of_ordinary_characters():
    assert printable("a\n\x1b[31mb" + "c" * 9999).startswith("a ?[31mbccc")
    assert len(printable("c" * 9999)) < 1000
