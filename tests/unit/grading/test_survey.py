import pytest

from descent.grading.survey import survey
from submitted import CLASS, RIGHT, SETTINGS, cell, notebook


@pytest.fixture
def surveyed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(source, name="ada.py"):
        (tmp_path / name).write_bytes(source if isinstance(source, bytes) else source.encode())
        return survey(name, "momentum", SETTINGS)

    return run


def test_a_right_file_has_no_problem(surveyed):
    assert surveyed(RIGHT)["problem"] is None
    assert surveyed(CLASS)["uses"] == [], "the base class computes no steps"


def test_imports_and_uses_are_listed_with_lines(surveyed):
    found = surveyed(
        "import torch as t, json\nfrom torch import optim\n"
        "from descent.optimizers.scratch import sgd_momentum\n"
        f"{RIGHT}\nx = t.optim.Adam\ny = optim.SGD\n"
    )
    assert found["imports"] == ["descent.optimizers.scratch", "json", "torch"]
    assert [use.partition(" ")[0] for use in found["uses"]] == [
        "descent.optimizers.scratch.sgd_momentum",
        "torch.optim.Adam",
        "torch.optim.SGD",
    ]
    assert "(line 3)" in found["uses"][0]


def test_a_notebook_is_read_by_cells(surveyed):
    found = surveyed(notebook(cell("from torch.optim import SGD"), cell(RIGHT)), "ada.ipynb")
    assert found["problem"] is None
    assert found["uses"] == ["torch.optim.SGD (code cell 1, line 1)"]


def test_comments_and_layout_make_no_difference_but_names_do(surveyed):
    tree = surveyed(RIGHT)["tree"]
    assert surveyed("# mine\n\n" + RIGHT.replace("lr * ", "lr  *   "))["tree"] == tree
    assert surveyed(RIGHT.replace("velocity", "v"))["tree"] != tree


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "ada.py: the file is empty"),
        ("def momentum(:\n", "ada.py: line 1 is not valid Python"),
        (b"\x00\xff", "ada.py: not valid Python"),
        (b"\xff\xfe\x80", "ada.py: "),
        ("def other(): pass", "momentum"),
        ("x = " + "(" * 9000, "ada.py: "),
        ("x = " + "-" * 100_000 + "1", "ada.py: "),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(surveyed, source, said):
    problem = surveyed(source)["problem"]
    assert said in problem and "\n" not in problem
