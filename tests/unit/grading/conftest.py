"""Submissions that are judged one at a time, outside a sandbox, which may not work here."""

import pytest

from descent.grading.judge import judge
from descent.grading.limits import Limits
from descent.grading.sandbox import bare
from descent.grading.session import Session
from descent.grading.submissions import Submission
from forked_workers import fork_workers
from submitted import make_assignment


@pytest.fixture
def forked(monkeypatch):
    """Fork workers from this process."""
    fork_workers(monkeypatch)


@pytest.fixture
def judged_anew(tmp_path):
    """Judge the text of a submission in a new interpreter; return the result."""

    def run(source, name="ada.py", assignment=None, unsandboxed=True):
        file = tmp_path / name
        file.write_bytes(source if isinstance(source, bytes) else source.encode())
        submission = Submission(file.stem, file)
        return judge(submission, assignment or make_assignment(), unsandboxed)

    return run


@pytest.fixture
def judged(judged_anew, forked):
    """Judge the text of a submission; return the result."""
    return judged_anew


@pytest.fixture
def session(tmp_path, forked):
    """Return a function that starts a worker on the text of a submission."""
    opened = []

    def start(source, **limits):
        (tmp_path / "ada.py").write_text(source)
        opened.append(Session(tmp_path, Limits(**limits), bare))
        return opened[-1].__enter__()

    yield start
    for each in opened:
        each.__exit__()
