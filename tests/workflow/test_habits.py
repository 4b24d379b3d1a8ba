"""What users of Snakemake are used to: it works here, or one line says what to do instead."""

import json
import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from checkouts import refusal, trains
from descent.records import read_metadata
from descent.seal import read_table, write_table

FOUR_JOBS = {"train_ours_0": 1, "train_ours_1": 1, "train_theirs_0": 1, "train_theirs_1": 1}


def test_until_train_trains(checkout):
    jobs = checkout.would_run("--until", "train")
    assert trains(jobs) == FOUR_JOBS and not {"replay", "curves", "report"} & jobs.keys()


def test_resources_and_threads_of_train_are_those_of_every_training_job(checkout):
    """On the command line, and in a profile."""
    profile = checkout.folder / "profiles" / "default" / "config.yaml"
    text = profile.read_text()
    options = ["--set-resources", "train:mem_mb=77", "train:slurm_partition=long"]
    options += ["train_ours_1:mem_mb=78", "--set-threads", "train=2"]
    given = checkout.run("-n", *options)
    profile.write_text(text + "\nset-resources: {train: {mem_mb: 77}}\nset-threads: {train: 2}\n")
    for output in (given, checkout.run("-n")):
        jobs = {
            re.search(r"rule (\w+):", job)[1]: job
            for job in output.split("\n[")[1:]
            if "rule train_" in job
        }
        assert jobs.keys() == FOUR_JOBS.keys()
        for rule, job in jobs.items():
            memory = 78 if rule == "train_ours_1" and output is given else 77
            assert f"mem_mb={memory}," in job and "threads: 2" in job
            assert ("slurm_partition=long" in job) == (output is given)
    profile.write_text(text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--forcerun", "train"], "--forcerun train: has no effect, because train only collects"),
        (["--config", "name=x", "-n", "--config", "seeds=[1]"], "--config: given twice"),
    ],
)
def test_what_snakemake_would_ignore_is_refused(checkout, arguments, said):
    assert refusal(checkout.start_anew("-n", *arguments)).startswith(said)


def test_a_key_that_appears_twice_is_refused(checkout):
    file = checkout.folder / "tiny.yaml"
    file.write_text(f"{file.read_text()}name: other\n")
    line = refusal(checkout.snakemake("-n"))
    assert re.match(r"tiny.yaml, line \d+: name is already in line \d+", line)


def test_a_tab_in_the_default_configuration_is_named_with_its_line(checkout):
    default = checkout.folder / "config" / "config.yaml"
    for text, said in [
        ("training:\n\tepochs: 1\n", "config/config.yaml, line 2: a tab; YAML wants spaces"),
        ("seeds: [0, 1\nname: x\n", "config/config.yaml, line 2: expected ',' or ']'"),
        ("", "config/config.yaml: holds no keys"),
    ]:
        default.write_text(text)
        assert refusal(checkout.snakemake("-n")).startswith(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["epochs=2"], "epochs: unknown key; did you mean training.epochs, which is written"),
        (["lr=0.1"], "lr: unknown key; did you mean comparisons.<name>.<name>.lr"),
        (["seeds=0-9"], "seeds: '0-9' is no list; write seeds: {from: 0, to: 9}"),
        (["name=" + 101 * "a"], "name: this str must not be longer than 100 characters"),
    ],
)
def test_other_spellings_are_told_the_right_one(checkout, arguments, said):
    assert refusal(checkout.snakemake("-n", "--config", *arguments)).startswith(said)


def test_what_the_hint_says_works(checkout):
    line = refusal(checkout.snakemake("-n", "--config", "epochs=2"))
    said = re.search(r"--config '(.*)'", line)[1]
    assert said == "training={epochs: 2}"
    checkout.run("-n", "--config", said)


def test_a_folder_without_its_data_set_is_refused(checkout):
    checkout.configure(dataset={"folder": "raw"})
    line = refusal(checkout.snakemake("-n"))
    assert line.startswith(
        "dataset.folder: is only for the data set idx, but dataset.name is mnist"
    )
    assert "{name: idx, folder: raw}" in line
    checkout.configure()
    checkout.run("-n", "--config", "dataset={name: digits, folder: null}")


def test_seeds_from_to_rerun_nothing(finished):
    finished.configure(seeds={"from": 0, "to": 2})
    assert finished.would_run() == {}


def test_a_data_folder_is_the_same_however_it_is_written(finished):
    for data_folder in ("data/", "./data", "results/../data"):
        assert finished.would_run("--config", f"data_folder={data_folder}") == {}
    output = finished.run("-n", "--config", "data_folder=~/data", "name=other")
    assert f"{os.path.expanduser('~')}/data/" in output


def kept(checkout):
    """The content and the time of what was recorded."""
    files = [*checkout.results.glob("iterations/*/*"), *checkout.results.glob("weights/*/*")]
    return {file: file.read_bytes() for file in files}


@pytest.mark.slow
def test_only_a_new_seed_and_a_damaged_one_are_trained(finished):
    """Also in a block that other seeds share; the bits of all stay."""
    before = kept(finished)
    damaged = finished.results / "iterations" / "ours" / "seed_0.parquet"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    (finished.results / "curves.parquet").unlink()
    process = finished.snakemake("results/tiny/curves.parquet")
    told = "results/tiny/iterations/ours/seed_0.parquet: damaged, it is not what was written"
    assert process.returncode != 0 and told in process.stdout

    damaged.unlink()
    finished.configure(seeds=[0, 1, 2, 3])
    finished.run("train")
    logs = {job: (finished.results / "logs" / f"{job}.log").read_text() for job in FOUR_JOBS}
    assert "kept, because nothing that they depend on has changed: seed 1" in logs["train_ours_0"]
    for job in ("train_ours_1", "train_theirs_1"):
        assert logs[job].startswith("kept, because nothing that they depend on has changed: seed 2")
        assert len(re.search(r"epoch 2/2: test accuracy (.*) %", logs[job])[1].split()) == 1
    assert "kept" not in logs["train_theirs_0"]
    after = kept(finished)
    assert len(after) == len(before) + 4
    assert {file: after[file] for file in before} == before

    finished.run("results/tiny/iterations/ours/seed_0.parquet", "--forcerun", "train_ours_0")
    assert "kept" not in (finished.results / "logs" / "train_ours_0.log").read_text()
    assert {file: kept(finished)[file] for file in before} == before


@pytest.mark.slow
def test_the_reason_of_a_failure_comes_last(prepared):
    code = prepared.folder / "src" / "descent" / "training" / "loop.py"
    code.write_text(code.read_text().replace("def train(", "def train_no_more("))
    process = prepared.snakemake("results/tiny/iterations/ours/seed_1.parquet")
    assert process.returncode != 0 and "Cannot restore" not in process.stdout
    last = process.stdout.splitlines()[-1]
    assert last.startswith("train_ours_0 failed: ImportError: cannot import name 'train'")
    assert process.stdout.count("train_ours_0 failed") == 1


@pytest.mark.slow
def test_runs_of_another_torch_are_named_beside_the_verdict(finished):
    file = finished.results / "epochs" / "ours" / "seed_2.parquet"
    about = read_metadata(file)
    table = read_table(file)
    old = json.dumps({**about, "torch": "1.0"})
    write_table(table.replace_schema_metadata({"descent": old}), file)
    finished.run("results/tiny/report.html")
    page = (finished.results / "report.html").read_text()
    evidence = page.partition('<section id="evidence"')[2].partition("</section>")[0]
    assert "not all made alike" in evidence and "1 run with torch 1.0" in evidence
    command = re.search(r"(rm .*) &amp;&amp; snakemake (.*?)</li>", evidence)
    assert command[1] == "rm results/tiny/epochs/ours/seed_2.parquet"
    subprocess.run(["bash", "-c", command[1]], cwd=finished.folder, check=True)
    process = subprocess.run(
        [sys.executable, "-m", "snakemake", *command[2].split(), "-n"],
        cwd=finished.folder,
        capture_output=True,
        text=True,
        env=finished.environment(),
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert set(re.findall(r"^(train_\w+) ", process.stdout, re.MULTILINE)) == {"train_ours_1"}


@pytest.mark.slow
def test_the_profile_of_another_folder_finds_its_scripts(checkout, tmp_path):
    """With commands of Slurm that run the script themselves; the lab's path has a space."""
    (tmp_path / "bin").mkdir()
    commands = {
        "sbatch": 'for script; do :; done\nsh "$script" >&2\necho 7\n',
        "scontrol": "echo JobState=COMPLETED\n",
        "scancel": "",
    }
    for name, text in commands.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}")
        (tmp_path / "bin" / name).chmod(0o755)
    lab, run = tmp_path / "the lab", tmp_path / "run"
    lab.mkdir()
    run.mkdir()
    for name in ("Snakefile", "src", "workflow", "config", "profiles"):
        shutil.move(checkout.folder / name, lab / name)
    for name in ("raw", "tiny.yaml"):
        shutil.move(checkout.folder / name, run / name)
    environment = checkout.environment()
    environment["PATH"] = os.pathsep.join([str(tmp_path / "bin"), environment["PATH"]])
    options = {
        "--snakefile": lab / "Snakefile",
        "--workflow-profile": lab / "profiles" / "cluster-generic",
        "--configfile": "tiny.yaml",
        "--latency-wait": "1",
        "--seconds-between-status-checks": "1",
    }
    target = "results/tiny/iterations/ours/seed_2.parquet"
    process = subprocess.run(
        [
            sys.executable,
            "-m",
            "snakemake",
            target,
            *(word for of in options.items() for word in of),
        ],
        cwd=run,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    assert process.returncode == 0, process.stdout
    assert len(pd.read_parquet(run / target)) > 0
