"""The submissions in a folder: one file for each student, or one folder with a file in it."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from descent.errors import UsageError

_KINDS = (".py", ".ipynb")

#: A submission is no larger, in bytes: notebooks contain pictures.
LARGEST = 50 << 20


@dataclass(frozen=True)
class Submission:
    """What a student handed in.

    Attributes
    ----------
    student : str
        The name of the file, without its ending, or of the folder.
    file : pathlib.Path or None
    problem : str
        Why there is no such file; else empty.
    """

    student: str
    file: Path | None
    problem: str = ""


def collect(folder, leave_out=()):
    """List the submissions in a folder, by name.

    Parameters
    ----------
    folder : str or pathlib.Path
    leave_out : iterable of pathlib.Path
        What is no submission, such as the folder of the grades, or the file of the reference.

    Returns
    -------
    list of Submission

    Raises
    ------
    UsageError
        If there is no such folder, nothing in it, or two students of one name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; name the one with the submissions")
    aside = {Path(path).resolve() for path in leave_out}
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "__")) or entry.resolve() in aside:
            continue
        if entry.is_dir() and not entry.is_symlink():
            found.append(_in_folder(entry))
        elif entry.suffix in _KINDS:
            found.append(Submission(entry.stem, entry, _problem_of(entry)))
    if not found:
        raise UsageError(f"{folder}: no submissions; it must have .py or .ipynb files, or folders")
    by_name = {}
    for each in found:
        other = by_name.setdefault(each.student.casefold(), each)
        if other is not each:
            one, two = (each.file or folder / each.student for each in (other, each))
            raise UsageError(f"{one} and {two}: two students of one name; rename one of them")
    return found


def only_one(folder, leave_out=()):
    """Take a folder as the submission of one student, as on Gradescope.

    Returns
    -------
    list of Submission
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; name the one with the submission")
    return [_in_folder(folder, {Path(path).resolve() for path in leave_out})]


def _in_folder(folder, aside=frozenset()):
    files = [
        file
        for file in sorted(folder.iterdir())
        if file.suffix in _KINDS and not file.name.startswith(".") and file.resolve() not in aside
    ]
    student = folder.resolve().name
    if len(files) == 1:
        return Submission(student, files[0], _problem_of(files[0]))
    count = len(files) or "no"
    return Submission(student, None, f"{count} .py or .ipynb files are handed in, not one")


def _problem_of(file):
    try:
        found = os.lstat(file)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not stat.S_ISREG(found.st_mode):  # a link may lead to what is somebody else's
        return "is no ordinary file"
    if found.st_size > LARGEST:
        return f"is larger than {LARGEST >> 20} MB"
    return ""
