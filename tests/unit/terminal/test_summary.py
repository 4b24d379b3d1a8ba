"""What is run, and what a finished run has found, in a few lines."""

import os

import pytest

from checkouts import TINY
from descent.terminal.summary import accuracies, announcement, summary

HEAD = "variant,n,diverged,diverged_at,mean,sd,ci_lower,ci_upper,min,max,test_loss\n"
OURS = "ours,5,0,,0.9,0.01,0.89,0.91,0.8,1.0,0.3\n"


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder with a table, a page, its log and three runs, of which one is new."""
    monkeypatch.chdir(tmp_path)
    for name in ("tables", "logs", "epochs"):
        (tmp_path / "r" / name).mkdir(parents=True)
    (tmp_path / "r" / "tables" / "final_accuracy.csv").write_text(HEAD + OURS)
    (tmp_path / "r" / "logs" / "report.log").write_text("x\nVerdict: sgd: ours does the same.\n")
    for name in ("report.html", "epochs/old", "epochs/older", "epochs/new"):
        (tmp_path / "r" / name).touch()
    os.utime(tmp_path / "r" / "epochs" / "old", (2, 2))
    os.utime(tmp_path / "r" / "epochs" / "older", (1, 1))
    os.utime(tmp_path / "r" / "epochs" / "new", (9, 9))
    return tmp_path / "r"


RUNS = ["r/epochs/old", "r/epochs/older", "r/epochs/new"]


def test_the_verdicts_the_accuracies_what_was_reused_and_the_report(results):
    made = {"r/report.html", "r/tables/final_accuracy.csv", *RUNS}
    assert summary("r", made, RUNS, begun=5) == [
        "sgd: ours does the same.",
        "final test accuracy     mean    sd        interval  seeds",
        "ours                 90.00 %  1.00  89.00 to 91.00  5",
        "Training runs: 1 new, 2 reused.",
        "Report: r/report.html",
    ]


@pytest.mark.parametrize(
    ("made", "lines"),
    [
        (set(), []),
        (set(RUNS), ["Training runs: 1 new, 2 reused.", "Results: r"]),
        ({"r/figures/examples.png"}, []),  # is not there
    ],
)
def test_nothing_is_said_of_what_was_not_asked_for_or_is_not_there(results, made, lines):
    assert summary("r", made, RUNS, begun=5) == lines


def test_without_its_log_the_page_has_the_verdict(results):
    (results / "logs" / "report.log").unlink()
    assert summary("r", {"r/report.html"}, RUNS, begun=5) == ["Report: r/report.html"]


def test_diverged_runs_and_missing_numbers_are_shown(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text(HEAD + 'ours,5,5,"3, 4",,,,,,,\ntheirs,1,0,,0.5,,,,,,\n')
    _, ours, theirs = accuracies(file)
    assert ours.split() == ["ours", "-", "-", "-", "5,", "5", "diverged"]
    assert theirs.split() == ["theirs", "50.00", "%", "-", "-", "1"]


def test_of_many_variants_the_first_are_shown(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text(HEAD + 30 * OURS)
    lines = accuracies(file)
    assert len(lines) == 22 and lines[-1] == f"and 10 more variants: {file}"


def test_what_is_run_is_said_in_a_few_lines():
    config = {**TINY, "training": {**TINY["training"]}}
    lines = announcement(config, TINY["comparisons"])
    assert lines[0].startswith("tiny: 2 epochs on raw") and lines[1:] == ["  pair: ours, theirs"]
    many = {f"c{index}": dict.fromkeys(map(str, range(9))) for index in range(40)}
    lines = announcement(config, many)
    assert len(lines) == 12 and lines[-1] == "  and 30 more comparisons"
    assert lines[1] == "  c0: 0, 1, 2, 3, 4, 5 and 3 more"
