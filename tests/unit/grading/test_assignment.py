import pytest

from descent.errors import UsageError
from descent.grading.assignment import read
from descent.grading.limits import Limits

WHOLE = """\
rule: momentum
against: [torch.optim.SGD, "mine.py:momentum"]
settings:
  - {name: usual, points: 2, set: {lr: 1e-2, momentum: 0.9}}
  - {set: {lr: 0.1}, set_rule: {momentum: 0}, set_reference: {momentum: 0.0}}
constant: true
iterations: 50
feedback: place
limits: {cpu_seconds: 5, memory_mb: 100}
"""
MINE = "def momentum(parameters, gradients, state, *, lr, momentum):\n    pass\n"


@pytest.fixture
def read_text(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)

    def run(text):
        (tmp_path / "assignment.yaml").write_text(text)
        return read(tmp_path / "assignment.yaml")

    return run


def test_a_file_is_read(read_text, tmp_path):
    found = read_text(WHOLE)
    assert found.against == ("torch.optim.SGD", f"{tmp_path / 'mine.py'}:momentum")
    assert [setting.name for setting in found.settings] == ["usual", "lr=0.1, momentum=0"]
    assert found.settings[0].ours == {"lr": 0.01, "momentum": 0.9}, "1e-2 is a number, too"
    assert found.settings[1].theirs == {"lr": 0.1, "momentum": 0.0}
    assert (found.points, found.constant, found.iterations, found.feedback) == (
        3,
        True,
        50,
        "place",
    )
    assert found.limits == Limits(cpu_seconds=5, memory_mb=100)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rule: momentum", "rules: momentum", "rules: unknown; the keys are against, constant"),
        ("rule: momentum\n", "", "rule is missing"),
        ("rule: momentum", "rule: 3 steps", "rule: must be the name"),
        ("torch.optim.SGD", "torch.optim.SDG", "torch.optim.SDG is unknown"),
        ("mine.py", "other.py", "other.py: no such file"),
        ("momentum: 0.9", "mometum: 0.9", "mometum: torch.optim.SGD takes no mometum here"),
        ("points: 2", "points: none", "settings[1].points: must be a number above 0"),
        ("points: 2", "point: 2", "settings[1].point: unknown"),
        ("name: usual", "name: 'lr=0.1, momentum=0'", "two have the same name"),
        ("constant: true", "constant: 1", "constant: must be one of true, false"),
        ("feedback: place", "feedback: answer", "feedback: must be one of mistake, place"),
        ("iterations: 50", "iterations: 5.5", "iterations: must be a whole number above 0"),
        ("cpu_seconds: 5", "cpu: 5", "limits.cpu: unknown; the keys are answer_seconds"),
        ("cpu_seconds: 5", "cpu_seconds: -5", "limits.cpu_seconds: must be a number above 0"),
        (WHOLE, "- rule", "the assignment: must be keys with values"),
        (WHOLE, "rule: [", "line 1 is not valid YAML"),
        (WHOLE, "rule: a\nagainst: torch.optim.SGD\nsettings: {}", "settings: must be a list"),
        (WHOLE, "rule: a\nagainst: []\nsettings: [{}]", "against: must be a reference"),
    ],
)
def test_a_mistake_in_it_is_one_line(read_text, old, new, said):
    with pytest.raises(UsageError) as caught:
        read_text(WHOLE.replace(old, new))
    [line] = str(caught.value).splitlines()
    assert said in line and "assignment.yaml: " in line


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.yaml: No such file"):
        read(tmp_path / "nowhere.yaml")
