"""What would run from elsewhere; test_module_use.py is slow, and runs it."""

import shutil

import yaml

from checkouts import TINY, Checkout, make_checkout

OUTER = """
configfile: "own.yaml"


module descent:
    snakefile:
        "workflow/Snakefile"
    config:
        config["descent"]


use rule * from descent{names}


rule mine:
    default_target: True
    input:
        "results/tiny/tables/parity.csv",
        "results/tiny/snakemake-report.html",
    output:
        "mine.txt",
    shell:
        "cp {{input[0]}} {{output}}"
"""


def test_as_a_module_it_is_the_same_workflow(finished):
    """Also with other names of its rules: what is finished is not made again."""
    (finished.folder / "own.yaml").write_text(yaml.safe_dump({"descent": TINY}))
    (finished.folder / "tiny.yaml").write_text("{}")
    for names in ("", " as descent_*"):
        (finished.folder / "outer.smk").write_text(OUTER.format(names=names))
        assert finished.would_run("--snakefile", "outer.smk") == {"mine": 1}


def test_a_checkout_with_any_name_is_used_from_another_folder_and_left_as_it_is(tmp_path):
    checkout = make_checkout(tmp_path / "Übung mit Leerzeichen")
    expected = checkout.would_run()
    work = Checkout(tmp_path / "über mir" / "Ergebnisse")
    work.folder.mkdir(parents=True)
    for name in ("raw", "tiny.yaml"):
        shutil.move(checkout.folder / name, work.folder / name)
    before = contents(checkout.folder)
    for snakefile in ("Snakefile", "workflow/Snakefile"):
        assert work.would_run("--snakefile", str(checkout.folder / snakefile)) == expected
    assert contents(checkout.folder) == before


def contents(folder):
    """Map the files of a folder to their time stamps; Python's byte code is left out."""
    return {
        file: file.stat().st_mtime_ns
        for file in folder.rglob("*")
        if "__pycache__" not in file.parts and file.name != "__pycache__"
    }
