"""The container is made of what the tests run: the steps of the Makefile."""

import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]
DOCKERFILE = (PROJECT / "Dockerfile").read_text().replace("\\\n", "")
STEPS = re.findall(r"^([A-Z]+) (.*)", DOCKERFILE, re.MULTILINE)


def test_its_environment_is_made_by_a_target_of_the_makefile():
    targets = [
        word for name, line in STEPS if name == "RUN" for word in re.findall(r"\bmake (\w+)", line)
    ]
    assert targets == ["setup"]
    for target in targets:
        command = ["make", "--dry-run", "--always-make", target]
        planned = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
        assert planned.returncode == 0 and "requirements.txt" in planned.stdout


def test_what_it_copies_is_enough_for_the_environment(tmp_path):
    first = next(line for name, line in STEPS if name == "COPY").split()[1:-1]
    for file in first:
        (tmp_path / file).write_bytes((PROJECT / file).read_bytes())
    planned = subprocess.run(["make", "--dry-run", "setup"], cwd=tmp_path, capture_output=True)
    assert planned.returncode == 0


def test_it_runs_as_a_normal_user():
    steps = [name for name, _ in STEPS]
    [user] = [line for name, line in STEPS if name == "USER"]
    assert user != "root" and steps.index("USER") < steps.index("ENTRYPOINT")
