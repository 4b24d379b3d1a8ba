import os
import pwd

import pytest

from descent.errors import UsageError
from descent.grading import judge as judging
from descent.grading import sandbox
from descent.grading.judge import judge
from descent.grading.submissions import Submission
from submitted import DONE, RIGHT, SAME_RULE, SHORT, after, begins_with, make_assignment

#: Those that pass take all trials, which is seconds.
LONG = {name for name, (_, verdicts, _) in DONE.items() if verdicts == SAME_RULE}


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=pytest.mark.slow if each in LONG else ()) for each in DONE],
)
def test_what_a_class_hands_in(judged, name):
    source, verdicts, said = DONE[name]
    late = said == "no answer within"
    assignment = make_assignment(limits=SHORT) if late else None
    [outcome] = judged(source, name, assignment)["settings"]
    assert outcome["verdict"] in verdicts, outcome
    assert outcome["passed"] == (outcome["verdict"] in SAME_RULE)
    words = " ".join([outcome["said"], *outcome["hints"]])
    assert said in words and "Traceback" not in words


def test_a_rule_that_refuses_to_go_on_after_training_does_not_pass(judged):
    """A check takes exceptions in trials for what a rule cannot do."""
    [outcome] = judged(after(700, "import os\nos._exit(0)"))["settings"]
    assert (outcome["verdict"], outcome["passed"]) == ("no answer", False)


@pytest.mark.slow
def test_any_of_several_references_will_do(judged):
    variants = ["torch.optim.Adagrad", "torch.optim.SGD"]
    setting = {"set": {"lr": 0.01}, "set_rule": {"momentum": 0.0}, "points": 2}
    result = judged(RIGHT, assignment=make_assignment(against=variants, settings=[setting]))
    [outcome] = result["settings"]
    assert (outcome["points"], outcome["against"]) == (2, "torch.optim.SGD")


def test_every_setting_is_judged_by_itself(judged):
    source = "    if momentum == 0.5:\n        raise ValueError('half')\n"
    settings = [{"set": {"lr": 0.1, "momentum": value}} for value in (0.5, 0.9)]
    source = RIGHT.replace("    velocities =", f"{source}    velocities =", 1)
    source = source.replace("sub_", "add_")
    result = judged(source, assignment=make_assignment(settings=settings))
    assert [each["verdict"] for each in result["settings"]] == ["error", "different"]
    assert result["settings"][0]["name"] == "lr=0.1, momentum=0.5"


def test_the_name_of_a_file_of_the_reference_is_not_told(judged, tmp_path):
    solution = tmp_path / "solution.py"
    solution.write_text(RIGHT.replace("velocity.mul_(momentum)", "velocity.mul_(0.5)"))
    result = judged(RIGHT, "solution2.py", make_assignment(against=f"{solution}:momentum"))
    [outcome] = result["settings"]
    assert outcome["verdict"] == "different"
    assert "solution.py" not in str(outcome)


def test_a_reference_that_fails_ends_the_grading(judged, tmp_path):
    solution = tmp_path / "solution.py"
    solution.write_text(RIGHT.replace("lr * velocity", "rate"))
    with pytest.raises(UsageError, match=r"the reference fails: .*solution\.py, line 5: NameError"):
        judged(RIGHT, assignment=make_assignment(against=f"{solution}:momentum"))


def test_a_mistake_of_this_package_is_one_submissions(judged, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(judging, "check", fail)
    [outcome] = judged(RIGHT)["settings"]
    assert (outcome["verdict"], outcome["said"]) == ("not judged", "ZeroDivisionError: a bug")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process as another user")
def test_a_submission_may_run_as_another_user(judged):
    source = begins_with("import os\nraise ValueError(os.getuid())")
    [outcome] = judged(source, unsandboxed="nobody")["settings"]
    assert outcome["said"] == f"ada.py, line 4: ValueError: {pwd.getpwnam('nobody').pw_uid}"


@pytest.mark.skipif(sandbox.probe() is not None, reason="no sandbox works here")
def test_a_neighbours_file_cannot_be_read(judged, tmp_path):
    (tmp_path / "bob.py").write_text(RIGHT)
    source = f"exec(open({str(tmp_path / 'bob.py')!r}).read())\n" + RIGHT
    [outcome] = judged(source, unsandboxed=False)["settings"]
    assert outcome["verdict"] == "error"
    assert "ada.py, line 1: FileNotFoundError" in outcome["said"]


@pytest.mark.parametrize("name", ["a:b.py", "-x y.py", "ü.py"])
def test_a_file_may_have_any_name(judged, name):
    source = RIGHT.replace("sub_", "add_")
    [outcome] = judged(source, name)["settings"]
    assert outcome["verdict"] == "different", outcome


def test_a_file_may_have_the_name_of_a_module(judged_anew):
    source = RIGHT.replace("sub_", "add_")
    [outcome] = judged_anew("import torch\n" + source, "torch.py")["settings"]
    assert outcome["verdict"] == "different", outcome


def test_what_is_no_file_is_not_judged():
    result = judge(Submission("ada", None, "2 files"), make_assignment(), unsandboxed=True)
    assert result["settings"][0]["said"] == "2 files"
