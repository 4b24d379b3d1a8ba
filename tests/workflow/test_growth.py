"""What planning costs with many runs, and what a job reads: counted, because times vary."""

import re
import subprocess
import sys

import pytest

#: Snakemake in a profiler, which says how many functions were called.
COUNTING = """
import cProfile, pstats, sys
from snakemake.cli import main

profile = cProfile.Profile()
try:
    profile.runcall(main, sys.argv[1:])
except SystemExit:
    print("functions called:", pstats.Stats(profile).total_calls)
"""

#: As a scheduler starts it on the node of a job.
ON_A_NODE = ["--mode", "remote", "--target-jobs", "{rule}:", "--allowed-rules", "{rule}"]


def python(checkout, *arguments):
    """Run Python, which must succeed, and return its output."""
    process = subprocess.run(
        [sys.executable, *arguments, "--configfile", "tiny.yaml"],
        cwd=checkout.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=checkout.environment(),
    )
    assert process.returncode == 0, process.stdout
    return process.stdout


def on_a_node(checkout, rule, *arguments):
    given = [word.format(rule=rule) for word in ON_A_NODE]
    return python(checkout, *arguments, "-m", "snakemake", "--cores", "1", "--list-rules", *given)


@pytest.mark.slow
def test_planning_takes_no_more_for_a_run_the_more_there_are(checkout):
    """A list of all runs in a rule that names outputs of another one, once, made it quadratic."""
    calls = []
    for n_seeds in (200, 400, 800):
        checkout.configure(seeds=list(range(n_seeds)), seeds_per_job=20)
        said = python(checkout, "-c", COUNTING, "-n", "--quiet", "all")
        calls.append(int(re.search(r"functions called: (\d+)", said)[1]))
    # measured: 2.014, and 2.198 with that list
    assert calls[2] - calls[1] < 2.1 * (calls[1] - calls[0])


def test_only_three_rules_list_all_runs_beside_the_targets(checkout):
    """Each list costs seconds where there are 10,000 runs: for planning, and to read the files."""
    lists = [job for job in checkout.run("-n").split("\n[")[1:] if "theirs/seed_2.parquet" in job]
    rules = {re.search(r"rule (\w+):", job)[1] for job in lists}
    assert rules == {"collect", "curves", "interactive", "default", "train_theirs_1"}


@pytest.mark.parametrize("prefix", ["", "descent_"])
def test_the_node_of_a_training_job_reads_no_other_job_and_checks_nothing_again(finished, prefix):
    if prefix:
        module = 'module descent:\n    snakefile: "workflow/Snakefile"\n    config: config\n'
        (finished.folder / "Snakefile").write_text(f"{module}use rule * from descent as descent_*")
    rule = f"{prefix}train_ours_1"
    said = on_a_node(finished, rule, "-X", "importtime")
    rules = {line for line in said.splitlines() if re.fullmatch(r"\w+", line)}
    assert {name for name in rules if "train_" in name} == {rule}
    assert len(rules) < 12 and f"{prefix}curves" not in rules
    assert "descent.files" in said and "jsonschema" not in said


def test_the_node_of_another_job_knows_all_rules(finished):
    said = on_a_node(finished, "curves").splitlines()
    assert {"curves", "report", "train_ours_0", "train_ours_1", "train_theirs_1"} <= set(said)
