"""Why jobs failed, from Snakemake's logs and those of the jobs."""

from descent.terminal.reasons import failures

ERROR = "Error in rule {0}:\n    message: None\n    jobid: {2}\n    log: {1} (check log)\n\n"

TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 3, in y\n    z()\n    ^^^\n'


def failed(tmp_path, *told, then=""):
    log = tmp_path / "snakemake.log"
    log.write_text("Finished jobid: 1 (Rule: data)\n" + "".join(told) + then + "Shutting down")
    return failures([log, tmp_path / "none.log"])


def test_the_reasons_of_failures_are_listed(tmp_path):
    job = tmp_path / "job.log"
    job.write_text(f"epoch 0\n{TRACEBACK}descent.errors.RuleError: the reason\n\n")
    told = ERROR.format("a", job, 3)
    assert failed(tmp_path, told, told) == [f"a failed: RuleError: the reason (log: {job})"]


def test_a_message_of_several_lines_is_whole_unless_it_is_long(tmp_path):
    job = tmp_path / "job.log"
    for count, shown in ((3, 3), (30, 8)):
        problems = ["Error: these", *(f"  problem {index}" for index in range(1, count))]
        job.write_text(TRACEBACK + "\n".join(problems))
        told = "\n".join([problems[0], *problems[1 - shown :]])
        assert failed(tmp_path, ERROR.format("a", job, 3)) == [f"a failed: {told} (log: {job})"]


def test_without_a_log_of_the_job_the_reason_is_what_the_cluster_says(tmp_path):
    told = ERROR.format("a", f"{tmp_path}/no.log, slurm/3.log", 3)
    [line] = failed(tmp_path, told.replace("None", "SLURM-job '7' failed, status NODE_FAIL"))
    assert line == (
        f"a failed: SLURM-job '7' failed, status NODE_FAIL (log: {tmp_path}/no.log, slurm/3.log)"
    )


def test_inputs_and_outputs_come_before_the_log(tmp_path):
    job = tmp_path / "job.log"
    job.write_text("ValueError: no\n")
    told = ERROR.format("a", job, 3).replace("    log", "    input: x\n    output: y, z\n    log")
    assert failed(tmp_path, told) == [f"a failed: ValueError: no (log: {job})"]


def test_a_job_that_was_killed_has_said_nothing(tmp_path):
    empty, training = tmp_path / "empty.log", tmp_path / "training.log"
    empty.touch()
    training.write_text("epoch 3/20: test accuracy 9.00 %, 0.10 s per seed\n")
    lines = failed(tmp_path, ERROR.format("a", empty, 3), ERROR.format("b", training, 4))
    assert lines[0].startswith("a failed: it ended without a message; it may have been killed")
    assert lines[1].startswith("b failed: it ended after epoch 3/20 without a message")


def test_a_job_that_succeeded_when_tried_again_has_not_failed(tmp_path):
    job = tmp_path / "job.log"
    job.write_text("ValueError: no\n")
    told = [ERROR.format("a", job, 0), ERROR.format("a", job, 3)]  # said by the job, then of it
    assert len(failed(tmp_path, *told)) == 1
    assert failed(tmp_path, *told, then="Finished jobid: 3 (Rule: a)\n") == []
    assert len(failed(tmp_path, *told, then="Finished jobid: 33 (Rule: b)\n")) == 1


def test_of_many_failures_ten_are_shown(tmp_path):
    job = tmp_path / "job.log"
    job.write_text("ValueError: no\n")
    lines = failed(tmp_path, *(ERROR.format(f"a{index}", job, index + 2) for index in range(12)))
    assert len(lines) == 11 and lines[0] == "2 more jobs failed."
