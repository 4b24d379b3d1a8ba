"""What `make test-cluster` says on a machine without Slurm."""

import os
import subprocess
import sys
from pathlib import Path


def test_missing_packages_are_named_in_one_line(tmp_path):
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "tests/cluster"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": str(tmp_path)},
    )
    assert process.returncode == 1
    [line] = (process.stdout + process.stderr).strip().splitlines()
    assert "apt-get install" in line and "slurm-client" in line
