"""The workflow from elsewhere: as a module, from another folder, in a read-only checkout."""

import os
import shutil

import pandas as pd
import pytest
import yaml

from checkouts import TINY, make_checkout
from forking import nursery

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


def snakemake(folder, *arguments):
    """Run snakemake in a folder; it must succeed."""
    given = ["--cores", "2", *map(str, arguments)]
    process = nursery("snakemake").run(given, folder, {**os.environ, "PYTHONPATH": ""})
    assert process.returncode == 0, process.stdout
    return process.stdout


def test_it_is_a_module_of_another_workflow(tmp_path):
    checkout = make_checkout(tmp_path / "checkout")
    outer = tmp_path / "outer"
    shutil.copytree(checkout.folder / "raw", outer / "raw")
    (outer / "own.yaml").write_text(yaml.safe_dump({"descent": TINY}))

    def write(names=""):
        snakefile = checkout.folder / "workflow" / "Snakefile"
        (outer / "Snakefile").write_text(OUTER.format(snakefile=snakefile, names=names))

    write()
    snakemake(outer)
    assert set(pd.read_csv(outer / "mine.txt")["verdict"]) == {"identical"}
    assert "Nothing to be done" in snakemake(outer)
    write(names=" as descent_*")
    output = snakemake(outer)
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
        options = ["--directory", work, "--configfile", "tiny.yaml"]
        for snakefile in ("Snakefile", "workflow/Snakefile"):
            output = snakemake(tmp_path, "--snakefile", checkout / snakefile, *options)
            assert (work / "results" / "tiny" / "report.html").exists()
        assert "Nothing to be done" in output  # both are the same workflow
        assert contents(checkout) == before
    finally:
        for folder in folders:
            folder.chmod(0o755)
