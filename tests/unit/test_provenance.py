"""A result names the commit that produced it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import torch

from descent import provenance


def test_provenance_knows_the_commit_and_whether_the_workflow_differs_from_it(tmp_path):
    library = tmp_path / "src" / "descent"
    shutil.copytree(Path(provenance.__file__).parent, library)
    (tmp_path / ".gitignore").write_text("__pycache__/\n")
    code = "from descent.provenance import provenance; print(provenance()['git_{}'])"

    def ask(what):
        return subprocess.run(
            [sys.executable, "-c", code.format(what)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(library.parent), "GIT_CEILING_DIRECTORIES": "/"},
        ).stdout.strip()

    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)

    assert (ask("commit"), ask("dirty")) == ("None", "None")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    assert (len(ask("commit")), ask("dirty")) == (40, "False")
    (library / "optimizers" / "mine.py").write_text("")
    assert ask("dirty") == "True"


def test_a_gpu_is_named_beside_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H100")
    on_cpu, on_gpu = provenance.provenance(), provenance.provenance("cuda")
    assert (on_gpu["device"], on_gpu["device_name"]) == ("cuda", "NVIDIA H100")
    assert (on_cpu["device"], on_cpu["device_name"]) == ("cpu", on_gpu["cpu"])
