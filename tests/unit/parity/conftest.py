"""`descent check` on update rules written by tests."""

import pytest

from checking import MOMENTUM
from descent.cli import main


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
