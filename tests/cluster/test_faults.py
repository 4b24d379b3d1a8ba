"""What clusters do to jobs: the run still completes, with the bits of an undisturbed one."""

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress

import psutil
import pytest
import yaml

from checkouts import PROJECT, Checkout
from clusters import GENERIC, LONG, SLURM, TRAINING, assert_same_bits, assert_went_on
from private_slurm import wait_until

pytestmark = pytest.mark.cluster

GENERIC_SETTINGS = yaml.safe_load((PROJECT / GENERIC[1] / "config.yaml").read_text())
WITHOUT_N2 = f"{GENERIC_SETTINGS['cluster-generic-submit-cmd']} --exclude=n2"


@pytest.fixture(scope="session")
def right_to_mount():
    """Skip without the right to mount, which even root lacks in some containers."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("needs the right to mount")


def test_a_cancelled_job_is_submitted_again(cluster, undisturbed):
    process = cluster.start(*TRAINING)
    job = cluster.wait_for_training()["train_ours_0"]
    cluster.wait_for_checkpoint()
    cluster.slurm.output("scancel", job)
    said = cluster.finish(process)
    assert "SLURM status is: 'CANCELLED'" in said and said.count("Trying to restart job") == 1
    for memory, minutes in ((1576, 100), (3152, 200)):  # more at the second attempt
        requests = [line for line in said.splitlines() if f"mem_mb={memory}," in line]
        assert requests and all(re.search(rf"\bruntime={minutes}\b", line) for line in requests)
    assert_went_on(cluster.results)
    assert_same_bits(cluster.results, undisturbed)


def test_a_job_over_its_memory_gets_more(cluster, undisturbed):
    process = cluster.start(*TRAINING, "--set-resources", "train_ours_0:mem_mb=500*attempt**2")
    said = cluster.finish(process)
    assert "SLURM status is: 'FAILED'" in said and said.count("Trying to restart job") == 1
    assert "mem_mb=500," in said and "mem_mb=2000," in said
    assert_same_bits(cluster.results, undisturbed)


def test_a_job_over_its_time_gets_more(cluster, undisturbed):
    process = cluster.start(*TRAINING, "--set-resources", "train_ours_0:runtime=attempt")
    job = cluster.wait_for_training()["train_ours_0"]
    cluster.wait_for_checkpoint()
    hang(cluster, job)
    said = cluster.finish(process)
    assert "SLURM status is: 'TIMEOUT'" in said and said.count("Trying to restart job") == 1
    assert_went_on(cluster.results)
    assert_same_bits(cluster.results, undisturbed)


def hang(cluster, job):
    """Stop the training script of a job, as a stuck network file system would."""
    scripts = re.compile(rf"{re.escape(str(cluster.folder))}/\S+train\.py")  # no other Slurm's
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            runs_script = scripts.search(" ".join(process.cmdline()))
            if runs_script and process.environ().get("SLURM_JOB_ID") == job:
                process.send_signal(signal.SIGSTOP)


def test_the_jobs_of_a_dead_node_go_to_the_other(cluster, undisturbed):
    process = cluster.start(*TRAINING)
    job = cluster.wait_for_training()["train_ours_0"]
    node = cluster.slurm.output("squeue", "-h", "-j", job, "-o", "%N")
    cluster.wait_for_checkpoint()
    try:
        cluster.slurm.crash_node(node)
        said = cluster.finish(process)
        assert cluster.slurm.output("squeue", "-h", "-j", job, "-t", "all", "-o", "%N") != node
    finally:
        cluster.slurm.start_node(node)
    assert "Trying to restart job" not in said
    assert_went_on(cluster.results)
    assert_same_bits(cluster.results, undisturbed)


@pytest.mark.usefixtures("right_to_mount")
@pytest.mark.parametrize(
    ("profile", "log", "leave_out"),
    [
        (SLURM, "slurm_logs/rule_train_ours_0/*.log", ["--slurm-exclude-failed-nodes", "n2"]),
        (GENERIC, "log/train_ours_0-*.out", ["--cluster-generic-submit-cmd", WITHOUT_N2]),
    ],
    ids=["slurm", "cluster-generic"],
)
def test_a_node_that_does_not_see_the_data_is_left_out(
    cluster, undisturbed, profile, log, leave_out
):
    slurm = cluster.slurm
    here = Checkout(cluster.folder)
    here.run("data")
    cluster.profile = (*profile, "--retries", "0")
    slurm.crash_node("n2")
    slurm.start_node("n2", hidden=cluster.results / "data")
    slurm.wait_for_nodes()
    slurm.output("scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=test")
    try:
        cluster.configure(seeds_per_job=3, root_seed=7)
        assert_jobs_fail(cluster, here, log)
        here.run(*TRAINING)  # these results must not be taken for another configuration's
        cluster.configure(**LONG)
        assert_jobs_fail(cluster, here, log)
        slurm.output("scontrol", "update", "NodeName=n1", "State=RESUME")
        cluster.run(*TRAINING, *leave_out)
        left_out = slurm.output("squeue", "-h", "--states=COMPLETED", "-o", "%Z %x")
        assert left_out.splitlines().count(f"{cluster.folder} n2") == 2
    finally:
        slurm.run("scontrol", "update", "NodeName=n1", "State=RESUME")
        slurm.crash_node("n2")
        slurm.start_node("n2")
    assert_same_bits(cluster.results, undisturbed)


def assert_jobs_fail(cluster, here, log):
    """Fail unless both jobs fail, say why and would run again."""
    process = cluster.snakemake(*TRAINING)
    assert process.returncode != 0
    assert len(re.findall(r"^train_\w+ failed: ", process.stdout, re.MULTILINE)) == 2
    newest = max((cluster.folder / ".snakemake").glob(log), key=os.path.getmtime)
    assert ".safetensors is not visible on this node" in newest.read_text()
    assert here.would_run(*TRAINING) == dict.fromkeys(TRAINING, 1)


@pytest.mark.parametrize("profile", [SLURM, GENERIC], ids=["slurm", "cluster-generic"])
def test_snakemake_killed_and_started_again(cluster, undisturbed, profile):
    cluster.profile = profile
    process = cluster.start(*TRAINING)
    cluster.wait_for_training()
    kill_and_start_again(cluster, process)
    assert_same_bits(cluster.results, undisturbed)


def kill_and_start_again(cluster, process):
    """Kill snakemake, then do what docs/cluster.md says."""
    process.kill()
    process.wait()
    name = "descent"
    if cluster.profile == SLURM:
        [name] = re.findall(r"SLURM run ID: (\S+)", cluster.said())
    refused = cluster.snakemake(*TRAINING)
    assert refused.returncode != 0 and "--unlock" in refused.stdout
    cluster.slurm.output("scancel", f"--name={name}")
    assert not cluster.slurm.output("squeue", "-h", "-t", "RUNNING,PENDING")
    cluster.run("--unlock")
    cluster.hurry()
    cluster.run(*TRAINING)


def test_a_controller_that_was_away_loses_no_job_of_cluster_generic(cluster, undisturbed):
    cluster.profile = GENERIC
    process = cluster.start(*TRAINING)
    cluster.wait_for_training()
    cluster.slurm.stop_controller()
    time.sleep(10)  # long enough for several queue checks
    cluster.slurm.start_controller()
    said = cluster.finish(process)
    assert "Trying to restart job" not in said
    assert_same_bits(cluster.results, undisturbed)


def test_cluster_generic_submits_when_the_controller_is_back(cluster, undisturbed):
    cluster.profile = GENERIC
    cluster.slurm.stop_controller()
    process = cluster.start(*TRAINING)
    try:
        wait_until(lambda: "\nrule train_" in cluster.said(), "a job to be submitted")
        time.sleep(20)
        assert "Submitted job" not in cluster.said()
    finally:
        cluster.slurm.start_controller()
    said = cluster.finish(process)
    assert "Error submitting jobscript" not in said
    assert_same_bits(cluster.results, undisturbed)


def test_the_slurm_executor_forgets_its_jobs_and_is_started_again(cluster, undisturbed):
    process = cluster.start(*TRAINING, "--verbose")
    cluster.wait_for_training()
    cluster.slurm.stop_controller()
    try:
        wait_until(lambda: "No active jobs; skipping" in cluster.said(), "the jobs forgotten")
    finally:
        cluster.slurm.start_controller()
    kill_and_start_again(cluster, process)
    assert_same_bits(cluster.results, undisturbed)


@pytest.mark.usefixtures("right_to_mount")
def test_a_full_disk_is_named_and_only_the_rest_is_made_again(local, undisturbed):
    results = local.folder / "results"
    results.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "full", results], check=True)
    try:
        local.run("train_ours_0")
        resize(results, shutil.disk_usage(results).used + 200_000)
        process = local.snakemake(*TRAINING)
        assert process.returncode != 0 and "No space left on device" in process.stdout
        resize(results, 100_000_000)
        assert local.would_run(*TRAINING) == {"train_theirs_0": 1}
        local.run(*TRAINING)
        assert_same_bits(local.results, undisturbed)
    finally:
        subprocess.run(["umount", results], check=True)


def resize(disk, size):
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def test_a_second_snakemake_is_refused_and_the_first_goes_on(cluster, undisturbed):
    process = cluster.start(*TRAINING)
    cluster.wait_for_training()
    second = cluster.snakemake(*TRAINING)
    assert second.returncode != 0
    assert "cannot be locked" in second.stdout and "--unlock" in second.stdout
    cluster.finish(process)
    assert_same_bits(cluster.results, undisturbed)
