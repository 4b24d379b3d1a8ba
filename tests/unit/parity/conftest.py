"""`descent check` on update rules written by tests."""

import pytest

from checking import MOMENTUM
from descent.cli import main
from descent.parity import trials
from descent.parity.gradients import NETWORK


@pytest.fixture
def check(tmp_path, capsys):
    """Write rules into a file and check one of them; return the exit code and what was said."""

    def check(source, rule, *arguments, iterations=60):
        file = tmp_path / "my_rules.py"
        file.write_text(source)
        arguments = arguments or MOMENTUM
        code = main(["check", f"{file}:{rule}", *arguments, "--iterations", str(iterations)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return check


@pytest.fixture
def one_trial(monkeypatch):
    """Try nothing but a learning rate that changes, because all trials take seconds."""

    def try_one(ours, theirs):
        half = trials._half_way("lr")
        outcome = trials.run("lr changed half-way", ours, theirs, NETWORK, "ordinary", half)
        yield trials._at_constant(outcome)

    monkeypatch.setattr(trials, "try_everything", try_one)
