import json
import multiprocessing

import pytest

from descent.errors import UsageError
from descent.grading import grade as grading
from descent.grading import sandbox
from descent.grading.grade import equal_groups, grade
from descent.grading.submissions import Submission, collect
from submitted import DONE, RIGHT, SHORT, make_assignment, write

CLASS = ["damped.py", "empty.py", "hangs.py", "no_momentum.py", "syntax.py"]


def outcome_of(submission, *_):
    """Stand in for a judge."""
    settings = [{"verdict": "not judged" if "odd" in submission.student else "different"}]
    return {"student": submission.student, "settings": settings, "tree": ""}


@pytest.fixture
def count(monkeypatch):
    """Count what is judged, without judging it."""
    judged = []

    def judge(submission, *_):
        judged.append(submission.student)
        return outcome_of(submission)

    monkeypatch.setattr(grading, "judge", judge)
    return judged


def run(folder, assignment=None, **options):
    options = {"unsandboxed": True, "jobs": 1, **options}
    return grade(collect(folder), assignment or make_assignment(), folder.parent / "out", **options)


@pytest.mark.slow
def test_a_class_is_graded_two_at_a_time(tmp_path):
    said = []
    assignment = make_assignment(limits=SHORT | {"answer_seconds": 5})  # some are to answer
    results = run(write(tmp_path / "class", CLASS), assignment, jobs=2, say=said.append)
    assert [result["student"] for result in results] == [name[:-3] for name in CLASS]
    verdicts = [result["settings"][0]["verdict"] for result in results]
    assert verdicts == ["different", "not checked", "no answer", "different", "not checked"]
    assert len(said) == len(CLASS) and said[-1].startswith("5 of 5  ")


def test_what_is_unchanged_is_not_graded_again(tmp_path, count):
    folder = write(tmp_path / "class", ["damped.py", "empty.py"])
    first = run(folder)
    said = []
    assert run(folder, say=said.append) == first
    assert count == ["damped", "empty"]
    assert said == ["2 unchanged since they were graded; --again grades them, too"]
    (folder / "empty.py").write_text("# more")
    run(folder)
    assert count[2:] == ["empty"]
    run(folder, assignment=make_assignment(iterations=21))
    assert count[3:] == ["damped", "empty"], "another assignment"
    run(folder, assignment=make_assignment(iterations=21), again=True)
    assert count[5:] == ["damped", "empty"]


def test_the_file_of_a_reference_counts(tmp_path, count):
    folder = write(tmp_path / "class", ["damped.py"])
    solution = tmp_path / "solution.py"
    solution.write_text(RIGHT)
    assignment = make_assignment(against=f"{solution}:momentum")
    run(folder, assignment)
    solution.write_text("# better\n" + RIGHT)
    run(folder, assignment)
    assert count == ["damped", "damped"]


def test_what_nobody_knows_is_tried_again(tmp_path, count):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "odd.py").write_text("x = 1")
    run(folder)
    run(folder)
    assert count == ["odd", "odd"]


def test_what_is_known_may_be_damaged(tmp_path, count):
    folder = write(tmp_path / "class", ["damped.py"])
    run(folder)
    (tmp_path / "out" / ".graded" / "damped.json").write_text("{")
    run(folder)
    assert count == ["damped", "damped"]
    assert json.loads((tmp_path / "out" / ".graded" / "damped.json").read_text())["key"]


def test_without_a_sandbox_nothing_runs(tmp_path, monkeypatch, count):
    monkeypatch.setattr(sandbox, "probe", lambda: "bwrap is not installed")
    with pytest.raises(UsageError, match="bwrap is not installed; install bubblewrap"):
        run(write(tmp_path / "class", ["damped.py"]), unsandboxed=False)
    assert count == []


def test_a_judge_that_is_ended_is_named(tmp_path, monkeypatch):
    class Kills(Submission):
        def __reduce__(self):
            return exit, (1,)

    forked = multiprocessing.get_context("fork")  # which need not import torch
    monkeypatch.setattr(grading.multiprocessing, "get_context", lambda _: forked)
    ends = [Kills(name, None, "x") for name in ("ada", "bob")]
    with pytest.raises(UsageError, match="a judging process was ended from outside"):
        grade(ends, make_assignment(), tmp_path, unsandboxed=True, jobs=2)


def test_equal_submissions_are_grouped():
    results = [{"student": name, "tree": tree} for name, tree in zip("abcd", "xyx", strict=False)]
    assert equal_groups([*results, {"student": "e", "tree": ""}]) == [["a", "c"]]


def test_every_kind_of_submission_has_its_file():
    assert all(name.endswith((".py", ".ipynb")) for name in DONE)
