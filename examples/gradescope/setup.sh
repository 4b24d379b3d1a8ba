#!/usr/bin/env bash
# Runs once, when Gradescope builds the image (choose Ubuntu 22.04). The zip file holds, at its top:
# setup.sh, run_autograder, assignment.yaml, and the wheel of descent-lab.
set -euo pipefail

apt-get update
apt-get install -y python3.11 python3.11-venv bubblewrap
python3.11 -m venv /autograder/venv
/autograder/venv/bin/pip install uv
# the small build of torch, for the processor alone
/autograder/venv/bin/uv pip install --python /autograder/venv/bin/python --torch-backend cpu \
    /autograder/source/descent_lab-*.whl
