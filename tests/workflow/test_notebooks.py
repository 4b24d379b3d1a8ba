"""The lab's notebooks: the solution works from top to bottom, and the exercise is made of it."""

import runpy

import nbformat
import pytest

from checking import MOMENTUM
from checkouts import PROJECT
from descent.cli import main

FOLDER = PROJECT / "notebooks"
PUBLISH = runpy.run_path(FOLDER / "publish.py")
MNIST = PROJECT.parent / "shared" / "mnist"

#: A folder without MNIST's files, in which torchvision finds nothing and downloads nothing.
DIGITS = """
import descent
from torchvision import datasets

def refuse(*args, **kwargs):
    raise RuntimeError("no network in a test")

datasets.MNIST.download = refuse
"""


def read(name):
    return nbformat.read(FOLDER / name, nbformat.NO_CONVERT)


def texts(notebook):
    """What the cells show, as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    )


def assert_it_shows_what_is_right(notebook):
    shown = texts(notebook)
    assert shown.count("right: ") == 2
    assert "<sgd_step against torch.optim.SGD: equal to rounding>" in shown
    assert "<momentum_step against torch.optim.SGD: equal to rounding>" in shown
    assert "<forgetful_step against torch.optim.SGD: different; iteration 2" in shown
    assert shown.count("your steps against torch.optim.SGD") == 2
    assert shown.count("verdict: equal to rounding") == 2
    assert shown.count("<Figure size") == 6
    table = [line for line in shown.splitlines() if line.startswith(("SGD", "momentum"))]
    assert [line.split()[0] for line in sorted(table)] == ["SGD", "momentum"]
    for line in table:
        _, mine, torchs = line.split()
        assert abs(float(mine[:-1]) - float(torchs[:-1])) < 0.5  # percent; rounding differs


def test_the_exercise_is_the_solution_without_its_solutions():
    assert PUBLISH["exercise"](read("lab_solution.ipynb")) == read("lab.ipynb")
    source = (FOLDER / "lab.ipynb").read_text()
    assert "SOLUTION" not in source and source.count("# your code") == 16


def test_the_solution_is_committed_with_what_it_shows():
    assert_it_shows_what_is_right(read("lab_solution.ipynb"))
    assert (FOLDER / "lab_solution.ipynb").stat().st_size < 1_000_000


@pytest.mark.slow
def test_the_solution_works_on_digits():
    notebook = read("lab_solution.ipynb")
    notebook.cells.insert(0, nbformat.v4.new_code_cell(DIGITS))
    PUBLISH["execute"](notebook)
    assert "the small digits take its place" in texts(notebook)
    assert_it_shows_what_is_right(notebook)


@pytest.mark.slow
@pytest.mark.skipif(not MNIST.exists(), reason="MNIST is not beside this checkout")
def test_the_solution_works_on_mnist():
    notebook = read("lab_solution.ipynb")
    PUBLISH["execute"](notebook, MNIST)
    assert "right: 235 batches of shape (256, 1, 28, 28)" in texts(notebook)
    assert_it_shows_what_is_right(notebook)


def test_the_command_checks_a_step_of_the_notebook(capsys):
    lab = f"{FOLDER / 'lab_solution.ipynb'}"
    assert main(["check", f"{lab}:momentum_step", *MOMENTUM, "--iterations", "20"]) == 0
    assert main(["check", f"{lab}:forgetful_step", *MOMENTUM, "--iterations", "20"]) == 1
    assert main(["check", f"{FOLDER / 'lab.ipynb'}:momentum_step", *MOMENTUM]) == 1
    assert "lab.ipynb: momentum_step takes no step: taken as" in capsys.readouterr().out
