"""The sources of a result are found from the imports of its script."""

from pathlib import Path

import pytest

from configurations import PROJECT
from descent import dependencies
from descent.dependencies import LIBRARY, sources
from descent.optimizers.spec import source_file

SCRIPTS = PROJECT / "workflow" / "scripts"

#: What each script's Snakemake rule listed by hand until version 0.1.0, under today's names; what
#: was added later is listed likewise. Update rules are listed separately, with what they import.
BY_HAND = {
    "train": """model training/checkpoint data/prepared optimizers/step optimizers/user_rules
        records training/run training/seeding training/loop training/epoch""",
    "replay": """model data/prepared optimizers/step optimizers/user_rules parity/replay
        training/seeding training/epoch""",
    "write_digits": "data/prepare data/catalog data/idx",
    "prepare": "data/prepare data/catalog data/idx",
    "unpack": "data/unpack data/idx data/recognize",
    "examples": "reporting/figures/examples reporting/figures/style",
    "final_accuracy": "analysis/summaries records analysis/final reporting/accuracy_table",
    "targets": "analysis/summaries records",
    "untrained": "analysis/summaries records",
    "equivalence": "analysis/equivalence records analysis/final",
    "pairs": "analysis/pairs analysis/equivalence analysis/decision records",
    "collect": "records",
    "curves": "analysis/bands analysis/curves records",
    "curves_of_epochs": "analysis/bands analysis/curves records",
    "overlay": "reporting/wording reporting/figures/curves reporting/figures/style",
    "parity": "parity/verdict",
    "parity_figure": "reporting/figures/parity reporting/figures/style",
    "trajectories": """landscapes/functions landscapes/trajectories parity/contender parity/replay
        optimizers/variant""",
    "landscape_figure": """landscapes/functions reporting/figures/landscape
        reporting/figures/style""",
    "landscape": """landscapes/functions reporting/landscapes reporting/rendering
        parity/verdict""",
    "interactive": """reporting/wording analysis/curves reporting/interactive reporting/rendering
        records""",
    "report": """reporting/wording reporting/rendering parity/verdict records reporting/report
        reporting/html_tables experiment/sweeps reporting/conclusions""",
    "select": "records analysis/selection experiment/sweeps analysis/final",
    "selection": "analysis/selection",
    "sensitivity": """analysis/bands reporting/wording reporting/figures/sensitivity
        reporting/figures/style experiment/sweeps""",
}


def found(*files):
    return {str(file.relative_to(LIBRARY).with_suffix("")) for file in sources(*files)}


@pytest.mark.parametrize("script", BY_HAND)
def test_what_was_listed_by_hand_is_found(script):
    assert found(SCRIPTS / f"{script}.py") >= set(BY_HAND[script].split())


@pytest.mark.parametrize(
    "script",
    ["train", "replay", "trajectories", "prepare", "curves", "curves_of_epochs", "select"],
)
def test_no_result_but_pages_and_figures_depends_on_reporting(script):
    assert not any(name.startswith("reporting/") for name in found(SCRIPTS / f"{script}.py"))


def test_training_depends_neither_on_labels_nor_on_what_judges_it():
    rooms = {name.partition("/")[0] for name in found(SCRIPTS / "train.py")}
    assert not rooms & {"metrics", "parity", "analysis", "reporting", "experiment"}


def test_an_update_rule_brings_what_it_imports():
    names = {"adam", "_gradients"}
    assert found(source_file("scratch.adam")) == {f"optimizers/scratch/{name}" for name in names}
    assert found(source_file("scratch.sgd")) == {"optimizers/scratch/sgd"}


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library of a few files, by their text."""
    library = tmp_path / "descent"
    monkeypatch.setattr(dependencies, "LIBRARY", library)

    def write(**files):
        for name, text in files.items():
            file = library / f"{name.replace('__', '/')}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return lambda *names: [
            str(file.relative_to(library)) for file in sources(*(library / n for n in names))
        ]

    return write


@pytest.mark.parametrize(
    "text",
    [
        "import descent.b",
        "import descent.b as other",
        "from descent import b",
        "from descent.b import anything",
        "def function():\n    if True:\n        from descent.b import x",
        "try:\n    import os, descent.b\nexcept ImportError:\n    pass",
        "class A:\n    import descent.b",
    ],
)
def test_imports_of_every_form_are_found(library, text):
    assert library(a=text, b="import descent.c", c="VALUE = 1")("a.py") == ["a.py", "b.py", "c.py"]


def test_circles_end_and_strangers_are_left_out(library):
    of = library(a="import descent.b, torch, descentish.b", b="import descent.a\nimport json")
    assert of("a.py") == ["a.py", "b.py"]


def test_a_package_counts_if_it_has_code(library):
    of = library(a="import descent.p.q, descent.r.s", p__q="VALUE = 1", r__s="VALUE = 1")
    (Path(dependencies.LIBRARY) / "p" / "__init__.py").write_text('"""Only a docstring."""\n')
    (Path(dependencies.LIBRARY) / "r" / "__init__.py").write_text("VALUE = 1\n")
    assert of("a.py") == ["a.py", "p/q.py", "r/__init__.py", "r/s.py"]


def test_neutral_modules_are_left_out_with_what_they_import(library):
    of = library(
        a="import descent.errors, descent.jobs", errors="import descent.b", jobs="", b="VALUE = 1"
    )
    assert of("a.py") == ["a.py"]


def test_modules_are_imported_by_a_computed_name_in_one_place_only():
    """The syntax tree does not show such imports.

    `update_rule` of the workflow covers that of `step`, and `network` that of `training.modules`.
    That of the catalog matters to hints only. `loading` imports installed packages, whose versions
    are among the parameters of rules.
    """
    users = {
        str(file.relative_to(LIBRARY))
        for file in LIBRARY.rglob("*.py")
        if "import_module(" in file.read_text() or "__import__(" in file.read_text()
    }
    assert users == {
        "__init__.py",
        "optimizers/loading.py",
        "optimizers/step.py",
        "parity/catalog/mutant.py",
        "training/modules.py",
    }
