"""What `import descent` offers: every name is there, annotated, and its example works."""

import doctest
import inspect
import os
import subprocess
import sys

import pytest

import descent
from configurations import PROJECT
from descent import errors
from descent.errors import DescentError
from descent.records import write_run
from networks import SGD, make_data, run

CONFIGURATION = {"variant": "sgd_scratch", "settings": SGD, "root_seed": 0, "seeding": "paired"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with results of two runs, in which the examples run."""
    folder = tmp_path_factory.mktemp("examples")
    for one in run(make_data(), SGD, [0, 1]):
        name = f"sgd_scratch/seed_{one.seed}"
        kinds = {"iterations": "parquet", "epochs": "parquet", "weights": "safetensors"}
        files = [folder / "results/digits" / k / f"{name}.{end}" for k, end in kinds.items()]
        write_run(one, CONFIGURATION, *files)
    return folder


def examples(name):
    finder = doctest.DocTestFinder(recurse=False)
    return [test for test in finder.find(getattr(descent, name), name) if test.examples]


@pytest.mark.parametrize("name", descent.__all__)
def test_the_example_of_a_public_name_works(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    [test] = examples(name)
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert result.failed == 0 < result.attempted


@pytest.mark.parametrize("name", descent.__all__)
def test_a_public_function_is_annotated(name):
    value = getattr(descent, name)
    if inspect.isfunction(value):
        signature = inspect.signature(value)
        missing = signature.empty
        assert signature.return_annotation is not missing
        assert all(one.annotation is not missing for one in signature.parameters.values())


def test_names_are_complete_and_an_unknown_one_is_an_attribute_error():
    assert set(descent.__all__) <= set(dir(descent))
    with pytest.raises(AttributeError, match="has no attribute 'chekc'"):
        descent.chekc  # noqa: B018


def test_every_error_derives_from_one_base():
    found = [value for value in vars(errors).values() if inspect.isclass(value)]
    assert len(found) > 5 and all(issubclass(value, DescentError) for value in found)


def test_errors_have_one_home():
    """Nowhere else in the library is an exception defined."""
    defined = [
        file.name
        for file in (PROJECT / "src").rglob("*.py")
        for line in file.read_text().splitlines()
        if line.startswith("class ") and "Error(" in line
    ]
    assert set(defined) == {"errors.py"}


def test_the_import_takes_no_library_along():
    code = "import descent, sys; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "src")}
    modules = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "numpy", "pandas", "yaml", "descent.errors"} & set(modules)


def test_a_report_draws_itself(tmp_path):
    report = descent.check("scratch.sgd", "torch.optim.SGD", lr=0.1, iterations=10)
    figure = report.figure()
    assert [axes.get_title() for axes in figure.axes] == ["float32", "float64"]
    assert "3 seeds" in figure.get_supxlabel()
    assert "closed" not in str(figure.legends[0].get_texts())


def wrong(parameters, gradients, state, *, lr):
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr * (g if state else g / 2))
    state["begun"] = True


def test_a_notebook_shows_a_report_as_a_page():
    report = descent.check(wrong, "torch.optim.SGD", lr=0.1, iterations=10)
    page = report._repr_html_()
    assert "Not the same steps as torch.optim.SGD." in page
    assert "<td>0.5</td>" in page and page.count("<tr") == 4
    assert 'class="begins"' in page and "data:image/png;base64," in page
    assert "prefers-color-scheme: dark" in page and 'data-jp-theme-light="false"' in page


def test_a_failed_assertion_shows_what_to_look_at(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        inspect.getsource(wrong)
        + "import descent\ndef test_it():\n"
        + "    assert descent.check(wrong, 'torch.optim.SGD', lr=0.1, iterations=10)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "src")}
    said = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True
    ).stdout
    assert "iteration 1, W0[" in said and "ratio 0.5" in said


def test_sides_may_have_hyperparameters_of_their_own():
    def halved(parameters, gradients, state, *, lr, scale):
        wrong(parameters, [scale * g for g in gradients], {"begun": True}, lr=lr)

    report = descent.check(
        halved,
        "torch.optim.SGD",
        set_rule={"lr": 0.2, "scale": 0.5},
        set_reference={"lr": 0.1},
        iterations=10,
    )
    assert report.table["verdict"].isin(["identical", "equal to rounding"]).all()
