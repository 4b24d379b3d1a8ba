"""Where a package of an extra is missing, one line says which extra to install."""

import ast
import sys
import tomllib
from types import SimpleNamespace

import pytest

import descent
from configurations import PROJECT
from descent import cli, jobs
from descent.errors import DescentError
from descent.extras import EXTRAS, naming_extras
from descent.jobs import job_log

SAID = 'safetensors is not installed; run: pip install "descent-lab[workflow]"'


@pytest.fixture
def without_safetensors(monkeypatch):
    for name in ("safetensors", "safetensors.torch"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "descent.data.prepare", raising=False)
    monkeypatch.delitem(vars(descent), "loaders", raising=False)


def test_a_public_name_says_which_extra_it_needs(without_safetensors):
    with pytest.raises(DescentError) as caught:
        _ = descent.loaders
    assert str(caught.value) == SAID and isinstance(caught.value, ImportError)


def test_the_command_says_it_with_exit_code_2(without_safetensors, monkeypatch, capsys):
    monkeypatch.setattr(cli, "_new", lambda options: descent.loaders)
    assert cli.main(["new", "mine"]) == 2
    assert capsys.readouterr().err == f"descent: {SAID}\n"


def test_a_job_says_it(without_safetensors, monkeypatch, tmp_path):
    monkeypatch.setattr(jobs, "Process", SimpleNamespace)  # this process goes on
    with pytest.raises(SystemExit) as caught, job_log(tmp_path / "job.log"):
        from descent.data.prepare import loaders  # noqa: F401
    assert SAID in caught.value.code


def test_a_package_of_no_extra_is_reported_as_usual():
    with pytest.raises(ModuleNotFoundError, match="no_such_package"), naming_extras():
        import no_such_package  # noqa: F401


def test_the_packages_of_extras_are_what_the_library_imports():
    """That is, beyond what every installation has."""
    imported = set()
    for file in (PROJECT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in getattr(node, "names", [])]
            if isinstance(node, ast.ImportFrom):
                names = [node.module]
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported |= {name.partition(".")[0] for name in names}
    brought = set().union(*EXTRAS.values())
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    always = {text.partition(">")[0] for text in project["dependencies"]} - {"pyyaml"} | {"yaml"}
    assert imported - always - sys.stdlib_module_names - {"descent"} == brought
    for extra, packages in EXTRAS.items():
        named = {text.partition(">")[0] for text in project["optional-dependencies"][extra]}
        assert packages - {"sklearn", "PIL"} <= named
