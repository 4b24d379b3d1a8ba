"""Users' files are imported without effect on each other and on the rest of the program."""

import importlib
import os
import sys
import warnings

import pytest
import torch

from descent.errors import RuleError
from descent.optimizers.loading import load, modules_beside, put_back


def test_two_files_of_one_name_are_two_modules(write):
    one, two = (load(write(f"value = {number}", f"{number}/scratch.py")) for number in (3, 4))
    assert (one.value, two.value) == (3, 4)


def test_an_edited_file_is_read_anew(write, monkeypatch):
    """Also if it is edited within a second to one of the same length, which fools bytecode."""
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    for number in (3, 4):
        assert load(write(f"value = {number}")).value == number


FROM_OTHER = {
    "when loaded": "from other import value\ndef rule(): return value",
    "when called": "def rule():\n    from other import value\n    return value",
    "from a package": "from package.other import value\ndef rule(): return value",
    "from a folder": "import folder.other as other\ndef rule(): return other.value",
}
from_other = pytest.mark.parametrize("source", FROM_OTHER.values(), ids=FROM_OTHER)


def write_others(write, number, folder="."):
    for file in ("other", "package/__init__", "package/other", "folder/other"):
        write(f"value = {number}", f"{folder}/{file}.py")


@from_other
def test_modules_of_one_name_beside_two_files_are_two_modules(write, source):
    files, rules = [], []
    for number in (3, 4):
        write_others(write, number, number)
        files.append(write(source, f"{number}/a.py"))
        rules.append(load(files[-1]).rule)
    for _ in range(2):
        for number, file, rule in zip((3, 4), files, rules, strict=True):
            with modules_beside(file):
                assert rule() == number
    assert not {"other", "package", "folder"} & sys.modules.keys()


@pytest.mark.parametrize("inside", [False, True])
@from_other
def test_an_edited_module_beside_a_file_is_read_anew(write, monkeypatch, source, inside):
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    for number in (3, 4):
        write_others(write, number)
        file = write(source)
        rule = None if inside else load(file).rule
        with modules_beside(file):
            rule = load(file).rule if inside else rule
            assert rule() == number


@from_other
def test_modules_that_the_program_has_imported_stay(write, tmp_path, monkeypatch, source):
    write_others(write, 3)
    monkeypatch.syspath_prepend(tmp_path)
    names = ["other", "package.other", "package", "folder.other", "folder"]
    theirs = {name: importlib.import_module(name) for name in names}
    write_others(write, 4)
    file = write(source)
    rule = load(file).rule
    with modules_beside(file):
        assert rule() == 4
    assert {name: sys.modules.pop(name) for name in names} == theirs


def test_an_installed_package_goes_before_a_folder_of_files(write):
    write("a figure", "wave/figure.svg")
    assert load(write("import wave")).wave.open


def test_a_relative_import_has_no_package(write):
    write("value = 3", "other.py")
    with pytest.raises(ImportError, match="no known parent package"):
        load(write("from .other import value"))


CHANGES = {
    "torch.set_grad_enabled(False)": torch.is_grad_enabled,
    "torch.set_default_dtype(torch.float64)": torch.get_default_dtype,
    "torch.set_default_device('meta')": lambda: torch.empty(0).device,
    "torch.set_num_threads(3)": torch.get_num_threads,
    "torch.manual_seed(0)": lambda: torch.get_rng_state().tolist(),
    "torch.use_deterministic_algorithms(True)": torch.are_deterministic_algorithms_enabled,
    "torch.autograd.set_detect_anomaly(True)": torch.is_anomaly_enabled,
    "os.chdir('/')": os.getcwd,
    "warnings.simplefilter('error')": lambda: list(warnings.filters),
    "sys.argv.append('x')": lambda: list(sys.argv),
}


@pytest.mark.parametrize("end", ["", "1/0"])
@pytest.mark.parametrize("change", CHANGES)
def test_what_a_file_changes_for_all_is_put_back(write, change, end):
    before = CHANGES[change]()
    source = f"import os, sys, torch, warnings\n{change}\n{end}\n"
    try:
        load(write(source))
    except ZeroDivisionError:
        assert end
    assert CHANGES[change]() == before


@pytest.mark.parametrize("refuse", [False, True])
def test_a_change_is_put_back_and_may_be_refused(refuse):
    before = torch.get_num_threads()
    try:
        with put_back(refuse=refuse):
            torch.set_num_threads(before + 1)
    except RuleError as error:
        assert refuse and "it changes torch's number of threads for all" in str(error)
    else:
        assert not refuse
    assert torch.get_num_threads() == before


def test_a_file_may_do_what_a_script_does(write, monkeypatch, capsys):
    """It parses arguments, prints and shows figures, though it is no script now."""
    monkeypatch.setattr("sys.argv", ["descent", "check", "my_rules.py:rule"])
    monkeypatch.delenv("MPLBACKEND", raising=False)
    load(write(
        "import argparse, os\nargparse.ArgumentParser().parse_args()\nprint('hello')\n"
        "assert os.environ['MPLBACKEND'] == 'agg'\n"
    ))  # fmt: skip
    assert "MPLBACKEND" not in os.environ
    assert capsys.readouterr() == ("", "hello\n")
