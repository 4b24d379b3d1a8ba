import csv
import json

import pytest

from descent.grading.gradescope import write_results
from descent.grading.writing import feedback, summary, write_everything
from submitted import make_assignment

HINT = "this looks like torch.optim.SGD with a mistake: <no> momentum"
PLACE = "iteration 2, in W0"
NUMBERS = "iteration 2, W0[1, 2]: your step is 1, the reference's 2"


def outcome(verdict, passed=False, **known):
    texts = dict.fromkeys(("said", "against", "place", "begins", "printed"), "")
    lists = {name: [] for name in ("hints", "remarks", "same")}
    points = {"name": "usual", "points": 2.0 * passed, "of": 2}
    return {**texts, **lists, **points, "verdict": verdict, "passed": passed, **known}


def result(student, outcome, **known):
    about = {"imports": [], "uses": [], "tree": "", "seconds": 1.5, "file": f"{student}.py"}
    return {**about, "student": student, "settings": [outcome], **known}


RESULTS = [
    result("ada", outcome("identical", True, against="torch.optim.SGD", same=["x"]), tree="1"),
    result("=bob", outcome("different", hints=[HINT], place=PLACE, begins=NUMBERS), tree="1"),
    result("eve", outcome("no answer", said="no answer within 10 seconds", printed="<b>hi\n" * 3)),
    result("zoe", outcome("not judged", said="KeyError: 'x'"), uses=["torch.optim.SGD (line 3)"]),
]


@pytest.fixture
def assignment():
    return make_assignment(settings=[{"name": "usual", "points": 2, "set": {"lr": 0.01}}])


def test_grades_are_a_table(tmp_path, assignment):
    write_everything(RESULTS, assignment, tmp_path)
    with (tmp_path / "grades.csv").open() as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert [row["usual"] for row in rows.values()] == ["1", "0", "0", "0"]
    assert rows["ada"]["points"] == rows["ada"]["of"] == "2"
    assert rows["ada"]["equal to"] == "=bob"
    assert "'=bob" in rows, "a name is no formula"
    assert rows["zoe"]["uses"] == "torch.optim.SGD (line 3)"


def test_feedback_is_a_page_and_a_text(tmp_path, assignment):
    write_everything(RESULTS, assignment, tmp_path)
    page = (tmp_path / "feedback" / "=bob.html").read_text()
    text = (tmp_path / "feedback" / "=bob.md").read_text()
    assert "&lt;no&gt; momentum" in page and "&lt;no> momentum" in text
    assert "The difference begins at iteration 2, W0[1, 2]" in text
    page = (tmp_path / "feedback" / "eve.html").read_text()
    assert "no answer within 10 seconds" in page and "<b>hi" not in page
    assert "KeyError" not in (tmp_path / "feedback" / "zoe.html").read_text()
    assert "of 2" in (tmp_path / "feedback" / "ada.html").read_text()


def test_feedback_may_keep_the_mistake_to_itself():
    wrong = RESULTS[1]["settings"][0]
    lines = feedback(wrong, make_assignment(feedback="place"))
    assert lines[1:] == [f"The difference begins at {PLACE}."]
    assert feedback(wrong, make_assignment())[2] == f"Hint: {HINT}."


def test_a_summary_says_what_to_look_at(assignment):
    text = summary(RESULTS, assignment)
    assert text.startswith("# momentum: 1 of 4 submissions are right\n")
    assert "| usual | 1 | 1 | 1 | 1 | 1 |" in text
    for part in (
        f"- 1: {HINT} (=bob)",
        "- eve: no answer within",
        "- zoe: KeyError",
        "- ada, =bob",
    ):
        assert part in text


def test_gradescope_gets_its_fields(tmp_path, assignment):
    write_results(RESULTS[0], assignment, tmp_path)
    content = json.loads((tmp_path / "results.json").read_text())
    assert content["score"] == 2 and "right at 1 of 1" in content["output"]
    [test] = content["tests"]
    wanted = {"name": "usual", "score": 2, "max_score": 2, "status": "passed"}
    assert test | wanted | {"visibility": "visible"} == test
    assert "bit for bit" in test["output"]
