"""What the jobs ask a scheduler for."""

import re
import subprocess
import sys

import yaml

from checkouts import PROJECT


def requests(checkout):
    """Map each rule that would run to its memory in MB and its time in minutes."""
    found = {}
    for job in checkout.run("-n").split("\n[")[1:]:
        asked = re.search(r"resources: (.*)", job)[1]
        found[re.search(r"rule (\w+):", job)[1]] = [
            int(number)
            for name in ("mem_mb", "runtime")
            for number in re.findall(rf"\b{name}=(\d+)", asked)
        ]
    del found["default"]
    return found


def test_every_job_asks_for_memory_and_time_and_training_by_its_seeds(checkout):
    jobs = {}
    for n in (1, 3):
        checkout.configure(seeds_per_job=n, training={"epochs": 50})
        jobs[n] = requests(checkout)
    assert jobs[1].pop("prepare")  # its memory is known when the images are there
    assert "curves" in jobs[1] and {len(asked) for asked in jobs[1].values()} == {2}
    assert jobs[1]["curves"] == jobs[3]["curves"]
    pairs = zip(jobs[1]["train_ours_0"], jobs[3]["train_ours_0"], strict=True)
    assert all(less < more for less, more in pairs)


def test_long_training_asks_for_time_and_a_wide_network_for_memory_too(checkout):
    jobs = {}
    for epochs, hidden in ((20, 100), (2000, 100), (20, 4000)):
        checkout.configure(training={"epochs": epochs}, model={"hidden": [hidden, hidden]})
        jobs[epochs, hidden] = requests(checkout)["train_ours_0"]
    memory, minutes = jobs[20, 100]
    # measured on MNIST: 0.6 seconds per epoch and seed
    assert minutes > 2 * 20 * 0.6 / 60 and jobs[2000, 100][1] > 2 * 2000 * 0.6 / 60
    assert jobs[2000, 100][0] == memory
    # two seeds of 19 million weights, with their gradients and the two moments of Adam
    assert jobs[20, 4000][0] - memory > 2 * 4 * 4 * 19
    assert jobs[20, 4000][1] > 50 * minutes


def with_a_gpu(output):
    """List the rules in the output of a dry run whose jobs request a GPU."""
    jobs = output.split("\n[")[1:]
    return {re.search(r"rule (\w+):", job)[1] for job in jobs if "gpu=1" in job}


ON_A_GPU = {"train_ours_0", "train_ours_1", "train_theirs_0", "train_theirs_1", "replay"}


def test_only_what_computes_on_a_gpu_asks_for_one(checkout):
    assert with_a_gpu(checkout.run("-n")) == set()
    for device in ("auto", "cuda"):
        output = checkout.run("-n", "--config", f"training={{device: {device}}}")
        assert with_a_gpu(output) == ON_A_GPU


def test_the_example_for_gpus_is_planned_where_there_is_none(checkout):
    """With two seeds here: a thousand take half a minute to plan."""
    command = [sys.executable, "-m", "snakemake", "-n", "--configfile", "config/gpu.yaml"]
    process = subprocess.run(
        [*command, "--config", "seeds=[0, 1]", "seeds_per_job=2"],
        cwd=checkout.folder,
        capture_output=True,
        text=True,
        env=checkout.environment(),
    )
    variants = ["sgd_scratch", "sgd_torch", "momentum_scratch", "momentum_torch"]
    assert process.returncode == 0, process.stderr
    assert with_a_gpu(process.stdout) == {*(f"train_{name}_0" for name in variants), "replay"}
    assert "runtime=60, gpu=1" in process.stdout


def test_the_profile_for_gpus_is_that_for_slurm_with_gpus(checkout):
    command = [sys.executable, "-m", "snakemake", "-n", "--workflow-profile", "profiles/gpu"]
    process = subprocess.run(
        [*command, "--configfile", "tiny.yaml"],
        cwd=checkout.folder,
        capture_output=True,
        text=True,
        env=checkout.environment(),
    )
    assert process.returncode == 0 and with_a_gpu(process.stdout) == ON_A_GPU
    slurm, gpu = (
        yaml.safe_load((PROJECT / "profiles" / name / "config.yaml").read_text())
        for name in ("slurm", "gpu")
    )
    assert gpu.pop("config") == ["training={device: cuda}"] and gpu == slurm
