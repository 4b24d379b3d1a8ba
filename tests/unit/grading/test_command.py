import json

import pytest

from descent.cli import main
from submitted import HEAD, write

USUAL = ["--rule", "momentum", "--against", "torch.optim.SGD"]
USUAL += ["--set", "lr=0.01", "--set", "momentum=0.9"]


@pytest.fixture
def grade(tmp_path, capsys, monkeypatch, forked):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = main(["grade", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_folder_is_graded(grade, tmp_path):
    folder = write(tmp_path / "class", ["empty.py"])
    (folder / "ada.py").write_text(f"{HEAD}    raise ValueError((lr, momentum))\n")
    code, out, err = grade("class", *USUAL, "--unsandboxed", "--jobs", "1")
    assert code == 0
    assert out.startswith("# momentum: 0 of 2 submissions are right")
    assert "1 of 2  ada: error" in err
    feedback = (tmp_path / "grades" / "feedback" / "ada.md").read_text()
    assert "ada.py, line 2: ValueError: (0.01, 0.9)" in feedback
    written = {str(file.relative_to(tmp_path / "grades")) for file in tmp_path.rglob("grades/*")}
    assert written >= {"grades.csv", "summary.md", "feedback", ".graded"}


def test_a_submission_is_graded_for_gradescope(grade, tmp_path):
    write(tmp_path / "submission", ["empty.py"])
    (tmp_path / "a.yaml").write_text(
        "rule: momentum\nagainst: torch.optim.SGD\nsettings: [{set: {lr: 0.01, momentum: 0.9}}]"
    )
    options = ["--assignment", "a.yaml", "--format", "gradescope", "--out", "results"]
    assert grade("submission", *options, "--unsandboxed")[0] == 0
    content = json.loads((tmp_path / "results" / "results.json").read_text())
    assert content["score"] == 0 and "the file is empty" in content["tests"][0]["output"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["class"], "grade needs --assignment FILE, or --rule NAME and --against REFERENCE"),
        (["class", "--assignment", "nowhere.yaml"], "nowhere.yaml: No such file"),
        (["class", "--assignment", "x.yaml", "--set", "lr=1"], "--set: is in the file"),
        (["class", *USUAL, "--as", "nobody"], "--as: is for --unsandboxed"),
        (["class", *USUAL, "--unsandboxed", "--as", "nobody2"], "there is no such user"),
        (["nowhere", *USUAL, "--unsandboxed"], "nowhere: no such folder"),
        (["class", *USUAL, "--unsandboxed", "--jobs", "0"], "--jobs 0: must be at least 1"),
        (["class", *USUAL, "--set", "lr"], "--set lr: must be KEY=VALUE"),
    ],
)
def test_wrong_usage_is_one_clear_line(grade, tmp_path, arguments, said):
    write(tmp_path / "class", ["empty.py"])
    code, _, err = grade(*arguments)
    [line] = err.splitlines()
    assert code == 2 and said in line and line.startswith("descent: ")
