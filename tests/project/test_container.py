"""The container is built with the steps of the Makefile, as the tests' environment is."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
DOCKERFILE = (PROJECT / "Dockerfile").read_text().replace("\\\n", "")
STEPS = re.findall(r"^([A-Z]+) (.*)", DOCKERFILE, re.MULTILINE)
MAKES = [index for index, (_, line) in enumerate(STEPS) if line.startswith("make ")]


def copied_before(step, folder):
    """Copy what the COPY lines before that step copy."""
    for name, line in STEPS[:step]:
        if name == "COPY":
            _, *sources, target = line.split()
            for source in sources:
                if (PROJECT / source).is_dir():
                    shutil.copytree(PROJECT / source, folder / target, dirs_exist_ok=True)
                else:
                    shutil.copy(PROJECT / source, folder / target)


def planned(line, folder):
    """List the commands of a line that calls make, with the programs of this environment."""
    command = f"{line} --dry-run BIN={Path(sys.executable).parent}"
    made = subprocess.run(
        command, shell=True, cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    return made.stdout.splitlines()


def test_what_it_copies_is_enough_for_its_environment(tmp_path):
    done = []
    for step in MAKES:
        folder = tmp_path / str(step)
        folder.mkdir()
        copied_before(step, folder)
        done += planned(STEPS[step][1], folder)
    [build] = [command for command in done if "--editable ." in command]
    built = subprocess.run(f"{build} --dry-run", shell=True, cwd=folder, capture_output=True)
    assert built.returncode == 0, built.stderr.decode()


def test_it_runs_as_a_normal_user():
    steps = [name for name, _ in STEPS]
    [user] = [line for name, line in STEPS if name == "USER"]
    assert user != "root" and steps.index("USER") < steps.index("ENTRYPOINT")
