"""The workflow from elsewhere: as a module, from another folder, in a read-only checkout."""

import shutil

import pandas as pd
import pytest
import yaml

from checkouts import TINY, Checkout, make_checkout

pytestmark = pytest.mark.slow  # test_module_plans.py has dry runs

OUTER = """
configfile: "own.yaml"


module descent:
    snakefile:
        "{snakefile}"
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


def test_it_is_a_module_of_another_workflow(tmp_path):
    checkout = make_checkout(tmp_path / "checkout")
    outer = Checkout(tmp_path / "outer")
    shutil.copytree(checkout.folder / "raw", outer.folder / "raw")
    (outer.folder / "own.yaml").write_text(yaml.safe_dump({"descent": TINY}))
    (outer.folder / "tiny.yaml").write_text("{}")

    def write(names=""):
        snakefile = checkout.folder / "workflow" / "Snakefile"
        (outer.folder / "Snakefile").write_text(OUTER.format(snakefile=snakefile, names=names))

    write()
    outer.run()
    assert set(pd.read_csv(outer.folder / "mine.txt")["verdict"]) == {"identical"}
    assert "Nothing to be done" in outer.run()
    write(names=" as descent_*")
    output = outer.run()
    assert "Nothing to be done" in output and "not present in" not in output


def contents(folder):
    """Map the files of a folder to their time stamps; Python's byte code is left out."""
    return {
        file: file.stat().st_mtime_ns
        for file in folder.rglob("*")
        if "__pycache__" not in file.parts
    }


def test_a_read_only_checkout_with_any_name_runs_from_another_folder(tmp_path):
    """For root, who may write everywhere, it counts that nothing was written."""
    checkout = make_checkout(tmp_path / "Übung mit Leerzeichen").folder
    work = tmp_path / "über mir" / "Ergebnisse"
    shutil.copytree(checkout / "raw", work / "raw")
    shutil.move(checkout / "tiny.yaml", tmp_path / "tiny.yaml")
    folders = [folder for folder in (checkout, *checkout.rglob("*")) if folder.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        before = contents(checkout)
        for snakefile in ("Snakefile", "workflow/Snakefile"):
            options = ["--snakefile", str(checkout / snakefile), "--directory", str(work)]
            output = Checkout(tmp_path).run(*options)
            assert (work / "results" / "tiny" / "report.html").exists()
        assert "Nothing to be done" in output  # both are the same workflow
        assert contents(checkout) == before
    finally:
        for folder in folders:
            folder.chmod(0o755)
