"""Files of update rules, written by tests."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a file of rules and return its path as text."""

    def write(source, name="my_rules.py"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(source)
        return str(file)

    return write
