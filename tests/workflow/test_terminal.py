"""What people see when they run the workflow, in a terminal and in a file."""

import os
import pty
import re
import select
import subprocess
import time

import pytest

BROKEN = """
def broken(parameters, gradients, state, *, lr):
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.sub_(lr * gradient.sing())
"""
SLOW = """
import time

def slow(parameters, gradients, state, *, lr):
    time.sleep(0.03)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.sub_(lr * gradient)
"""
ENDING = """
import os

def ends(parameters, gradients, state, *, lr):
    os._exit(9)
"""


def lines_of(process):
    lines = process.stdout.splitlines()
    assert max(map(len, lines)) < 500, process.stdout
    return lines


def with_rule(checkout, text):
    """Let the variant `ours` have an update rule of the user."""
    (checkout.folder / "rules.py").write_text(text)
    name = re.search(r"def (\w+)", text)[1]
    theirs = {"optimizer": "torch.optim.SGD", "lr": 0.05, "reference": True}
    ours = {"optimizer": f"rules.py:{name}", "lr": 0.05}
    checkout.configure(seeds=[0], comparisons={"pair": {"ours": ours, "theirs": theirs}})
    return checkout


def drawn(checkout, *arguments, environment=None, until=None, key=b""):
    """Run snakemake in a terminal of 80 columns; return its exit code and what it wrote.

    `key` is pressed as soon as the terminal shows `until`.
    """
    main, end = pty.openpty()
    given = {**checkout.environment(), "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    given.pop("CI", None)
    process = subprocess.Popen(
        # Where pytest runs in the background, Ctrl-C would be ignored.
        ["env", "--default-signal=INT", "setsid", "--ctty", *checkout.command(*arguments)],
        cwd=checkout.folder,
        stdin=end,
        stdout=end,
        stderr=end,
        env={**given, **(environment or {})},
    )
    os.close(end)
    said, deadline = b"", time.time() + 240
    while time.time() < deadline:
        ready, _, _ = select.select([main], [], [], 1)
        try:
            part = os.read(main, 65536) if ready else b""
        except OSError:  # the other end is closed
            break
        said += part
        if until and until in said:
            os.write(main, key)
            until = None
    os.close(main)
    return process.wait(timeout=60), said.decode()


def test_a_second_run_says_that_there_is_nothing_to_do_and_where_the_report_is(finished_once):
    lines = lines_of(finished_once.snakemake())
    assert len(lines) < 15
    assert "Nothing to be done: what was asked for is there, and up to date." in lines
    assert any(re.fullmatch(r"pair: ours .* theirs \(torch.optim.SGD\)\.", x) for x in lines)
    assert any(re.match(r"ours +[0-9.]+ %", line) for line in lines)
    assert "Training runs: 0 new, 6 reused." in lines
    assert lines[-1] == "Report: results/tiny/report.html"


def test_a_stage_says_only_what_it_has_found(finished_once):
    said = "\n".join(lines_of(finished_once.snakemake("train")))
    assert "Results: results/tiny" in said and "6 reused" in said
    assert "report" not in said and "accuracy" not in said


@pytest.mark.slow
def test_a_whole_run_is_sixty_lines_at_most_and_ends_with_the_report(checkout):
    process = checkout.snakemake()
    lines = lines_of(process)
    assert process.returncode == 0 and len(lines) <= 60, process.stdout
    assert lines[-1] == "Report: results/tiny/report.html"
    assert "Training runs: 6 new, 0 reused." in lines
    assert len([line for line in lines if " jobs done" in line]) <= 20
    assert re.search(r"jobs done: train_\w+, epoch 2/2, test accuracy [0-9.]+ %", process.stdout)
    # A job, which makes Snakemake's report, has a log there as well.
    log, *_ = sorted((checkout.folder / ".snakemake" / "log").iterdir())
    whole = log.read_text()
    assert "localrule prepare" in whole and "steps (100%) done" in whole


def test_snakemakes_own_output_is_one_option_away(finished):
    target = "results/tiny/tables/targets.csv"
    said = finished.run(target, "--force", "--printshellcmds")
    assert "localrule targets:" in said and "1 of 1 steps (100%) done" in said
    assert "jobs done" not in said


@pytest.mark.parametrize("quiet", [["--quiet"], ["--quiet", "all"]])
def test_quiet(finished, quiet):
    target = "results/tiny/tables/targets.csv"
    lines = lines_of(finished.snakemake(target, "--force", *quiet))
    assert not [line for line in lines if "jobs" in line]
    assert ("Results: results/tiny" in lines) == (len(quiet) == 1)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--dry-run", "--forceall"], "This was a dry-run"),
        (["--summary"], "results/tiny/report.html"),
        (["--unlock"], "Unlock"),
        (["--list-rules"], "final_accuracy"),
    ],
)
def test_other_commands_say_what_snakemake_says(finished_once, option, said):
    process = finished_once.snakemake(*option)
    assert process.returncode == 0 and said in process.stdout
    assert "Report:" not in process.stdout


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (
            ["--config", "training={epochs: many}"],
            "training.epochs: 'many' must be",
        ),
        (["no_such_target"], "no_such_target"),
    ],
)
def test_what_cannot_be_run_is_said_last(checkout, option, said):
    process = checkout.snakemake(*option)
    lines = lines_of(process)
    assert process.returncode != 0 and len(lines) <= 25, process.stdout
    assert said in lines[-1]


def test_a_failure_is_said_in_a_few_lines_and_its_reason_last(checkout):
    (checkout.folder / "raw" / "train-labels-idx1-ubyte").write_bytes(b"<html>404</html>")
    process = checkout.snakemake()
    lines = lines_of(process)
    assert process.returncode != 0 and len(lines) <= 25, process.stdout
    assert re.match(
        r"unpack failed: DataError: raw/train-labels\S+: should be IDX labels, but is a web page"
        r".* \(log: \S+/unpack\.log\)$",
        lines[-1],
    )


@pytest.mark.slow
def test_a_wrong_rule_is_named_last_with_its_line_also_with_keep_going(prepared):
    with_rule(prepared, BROKEN)
    for options in ([], ["--keep-going"], ["--retries", "1"], ["--printshellcmds"]):
        process = prepared.snakemake("train", "--force", *options)
        lines = process.stdout.splitlines()
        reasons = [line for line in lines if line.startswith("train_ours_0 failed")]
        assert process.returncode != 0
        assert reasons[-1].startswith("train_ours_0 failed: RuleError: rules.py, line 4: Attribute")
        if "--printshellcmds" not in options:  # Snakemake's own output is longer
            assert reasons == lines[-1:] and len(lines_of(process)) <= 25
            assert "CalledProcessError" not in process.stdout


@pytest.mark.slow
def test_in_a_terminal_one_display_shows_the_epochs(prepared):
    with_rule(prepared, SLOW)
    code, said = drawn(prepared, "train")
    assert code == 0, said
    assert re.search(r"train_ours_0  epoch \d/2, test accuracy", said)
    assert re.search(r"\x1b\[[0-9;]*m", said) and re.search(r"\d of \d jobs", said)
    assert said.rstrip().endswith("Results: results/tiny")


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(prepared):
    with_rule(prepared, SLOW.replace("0.03", "3"))
    code, said = drawn(prepared, "train", until=b"train_ours_0  00:", key=b"\x03")
    last = said.rstrip().splitlines()[-1]
    assert code != 0 and "Stopped as you asked." in last, said
    assert "Traceback" not in said and " failed" not in said


@pytest.mark.slow
def test_a_killed_job_is_said_to_have_been_killed(prepared):
    with_rule(prepared, ENDING)
    process = prepared.snakemake("train")
    assert "train_ours_0 failed: it ended without a message" in lines_of(process)[-1]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_no_encoding_ends_a_run(finished, encoding):
    target = "results/tiny/tables/targets.csv"
    process = subprocess.run(
        finished.command(target, "--force"),
        cwd=finished.folder,
        capture_output=True,
        env={**finished.environment(), "PYTHONIOENCODING": encoding, "LC_ALL": "C"},
    )
    assert process.returncode == 0 and b"Results: results/tiny" in process.stderr, process.stderr


def test_a_pipe_that_nobody_reads_any_more_does_not_end_a_run(finished):
    """As with `| head`; before the workflow is read, it would end Snakemake itself."""
    table = finished.results / "tables" / "targets.csv"
    table.unlink()
    with subprocess.Popen(
        finished.command("results/tiny/tables/targets.csv"),
        cwd=finished.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=finished.environment(),
        text=True,
    ) as process:
        assert any("to do" in line for line in iter(process.stdout.readline, ""))
        process.stdout.close()
    assert table.exists()
