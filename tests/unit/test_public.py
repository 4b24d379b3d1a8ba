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
