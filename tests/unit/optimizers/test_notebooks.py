"""Definitions in a notebook: what a rule needs is loaded, and nothing else runs."""

import json

import pytest

from descent.cli import main
from descent.errors import RuleError, SignatureError
from descent.optimizers import notebooks
from descent.optimizers.signatures import check_hyperparameters
from descent.optimizers.step import find

SGD = ["--against", "torch.optim.SGD", "--set", "lr=0.01", "--iterations", "5"]

CELLS = [
    "%matplotlib inline\nimport torch\n!pip install something\nfrom math import sqrt",
    "mu = 0.5\nmu = 0.9\ndata = download()",
    "%%bash\nrm -r /",
    "%%time\ndef zeros(p):\n    return torch.zeros_like(p)",
    "for epoch in range(20):\n    print('training')\n    rate = 0.1\nraise SystemExit",
    "this is (no Python",
    "def step(parameters, gradients, state, *, lr):\n"
    "    for i, (p, g) in enumerate(zip(parameters, gradients)):\n"
    "        v = state.setdefault(i, zeros(p))\n"
    "        p.sub_(lr * v.mul_(mu).add_(g))",
    "def of_a_loop(parameters, gradients, state, *, lr):\n    return rate",
    "def fails(parameters, gradients, state, *, lr):\n    y = 0\n    return 1 / y",
    "from functools import partial\nfast = partial(step, lr=0.1)\nstep?",
    "def step_by_step(parameters, gradients, state, *, lr):\n    return step(parameters)",
]


@pytest.fixture
def notebook(tmp_path):
    def write(cells=CELLS, name="lab.ipynb", **changed):
        content = {
            "cells": [{"cell_type": "markdown", "source": "def step(text): ..."}]
            + [{"cell_type": "code", "source": cell.splitlines(True)} for cell in cells],
            "nbformat": 4,
        }
        file = tmp_path / name
        file.write_text(json.dumps(content | changed))
        return file

    return write


def test_what_a_rule_needs_is_loaded_and_no_more(notebook):
    rule, _ = find(f"{notebook()}:step")
    loaded = {name for name in rule.__globals__ if not name.startswith("__")}
    assert loaded == {"torch", "mu", "zeros", "step"}
    assert rule.__globals__["mu"] == 0.9


def test_the_last_definition_of_a_name_counts(notebook):
    file = notebook(["def rule(a):\n    return 1", "k = 2", "def rule(a):\n    return k", "k = 3"])
    assert find(f"{file}:rule")[0](0) == 3


def test_a_partial_needs_its_function(notebook):
    file = notebook()
    assert find(f"{file}:fast")[0].keywords == {"lr": 0.1}
    check_hyperparameters(f"{file}:fast", set())


def test_what_else_is_needed_is_named(notebook):
    with pytest.raises(RuleError, match=r"^of_a_loop needs rate, which is not defined by an"):
        find(f"{notebook()}:of_a_loop")


def test_a_star_import_may_have_what_is_needed(notebook):
    file = notebook(["from math import *", "def rule(a):\n    return sqrt(4)"])
    assert find(f"{file}:rule")[0](0) == 2


def test_the_place_of_an_error_is_a_cell_and_its_line(notebook, capsys):
    assert main(["check", f"{notebook()}:fails", *SGD]) == 1
    said = capsys.readouterr().out
    assert "lab.ipynb, code cell 9, line 3: ZeroDivisionError" in said


def test_a_name_that_is_not_there(notebook):
    with pytest.raises(SignatureError, match=r"only zeros, step, .*did you mean step\?"):
        check_hyperparameters(f"{notebook()}:stepp", {"lr"})


def test_a_name_in_a_cell_that_is_no_python(notebook, capsys):
    file = notebook(["def rule(a:\n    pass"])
    assert main(["check", f"{file}:rule", *SGD]) == 2
    assert "lab.ipynb has no function or class rule" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["", "def step(): ...", "[1, 2]", '{"cells": 3}', '{"cells": [1]}']
)
def test_a_file_that_is_no_notebook(text, tmp_path, capsys):
    file = tmp_path / "lab.ipynb"
    file.write_text(text)
    assert main(["check", f"{file}:step", *SGD]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "cannot be read as a notebook (it is no notebook of version 4)" in line


def test_a_check_runs_nothing_of_the_notebook_but_the_rule(notebook, capsys):
    cells = [
        *CELLS,
        "def right(parameters, gradients, state, *, lr):\n"
        "    for p, g in zip(parameters, gradients):\n        p.sub_(lr * g)",
    ]
    assert main(["check", f"{notebook(cells)}:right", *SGD]) == 0
    assert "training" not in capsys.readouterr().out


def test_places():
    assert notebooks.place("a.py", 7) == "a.py, line 7"
    assert notebooks.place("a.ipynb", 12_000_003) == "a.ipynb, code cell 12, line 3"


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (["k = 1", "k += 1", "def rule(a):\n    return k"], 2),
        (["k = 9", "k = 1", "k += 1", "k *= 3", "def rule(a):\n    return k"], 6),
        (["k = 5", "k += 1", "k = 2", "def rule(a):\n    return k"], 2),
        (["h = {}", "h['k'] = 2\nh['k'] -= 1", "def rule(a):\n    return h['k']"], 1),
        (["class H: pass\nh = H()", "h.x = H()\nh.x.k = 4", "def rule(a):\n    return h.x.k"], 4),
        (
            ["try:\n    import nowhere as k\nexcept ImportError:\n    k = 1", "rule = lambda a: k"],
            1,
        ),
        (["if True:\n    k = 3\nelse:\n    k = 4", "def rule(a):\n    return k"], 3),
        (
            [
                "import contextlib\nwith contextlib.nullcontext(7) as k:\n    pass",
                "rule = lambda a: k",
            ],
            7,
        ),
        (["if True:\n    def rule(a):\n        return 8"], 8),
    ],
)
def test_what_changes_a_name_counts_too(notebook, cells, value):
    assert find(f"{notebook(cells)}:rule")[0](0) == value


@pytest.mark.parametrize(
    "cell",
    [
        "for epoch in range(2):\n    k = epoch",
        "if True:\n    k = 1\n    print('training')",
        "with open('log', 'w') as f:\n    k = 1\n    f.write('training')",
    ],
)
def test_a_block_that_does_more_is_not_run(notebook, cell):
    with pytest.raises(RuleError, match="rule needs k, which is not defined by"):
        find(f"{notebook([cell, 'rule = lambda a: k'])}:rule")
