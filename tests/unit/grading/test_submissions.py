import os

import pytest

from descent.errors import UsageError
from descent.grading.submissions import LARGEST, collect, only_one


@pytest.fixture
def folder(tmp_path):
    for name in ("ada.py", "bob.ipynb", "eve/work.py", "eve/data.csv", "notes.txt", ".old.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1")
    return tmp_path


def test_files_and_folders_are_students(folder):
    found = collect(folder)
    assert [(each.student, each.file.name) for each in found] == [
        ("ada", "ada.py"),
        ("bob", "bob.ipynb"),
        ("eve", "work.py"),
    ]
    assert not any(each.problem for each in found)


def test_what_is_to_be_left_out_is(folder):
    left = collect(folder, [folder / "eve", folder / "ada.py"])
    assert [each.student for each in left] == ["bob"]


@pytest.mark.parametrize("other", ["ada.ipynb", "ada/x.py", "Ada.py"])
def test_two_students_of_one_name_are_one_line(folder, other):
    (folder / other).parent.mkdir(exist_ok=True)
    (folder / other).write_text("")
    with pytest.raises(UsageError, match="two students of one name; rename one of them") as caught:
        collect(folder)
    assert "ada.py" in str(caught.value).replace("Ada", "ada")


def test_a_folder_must_have_one_file(folder):
    (folder / "eve" / "more.py").write_text("")
    (folder / "zoe").mkdir()
    problems = {each.student: each.problem for each in collect(folder)}
    assert problems["eve"] == "2 .py or .ipynb files are handed in, not one"
    assert problems["zoe"] == "no .py or .ipynb files are handed in, not one"
    assert problems["ada"] == "", "the others stand"


def test_links_pipes_and_huge_files_are_not_opened(folder):
    (folder / "link.py").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.py")
    with (folder / "huge.py").open("w") as file:
        file.truncate(LARGEST + 1)
    problems = {each.student: each.problem for each in collect(folder)}
    assert problems["link"] == problems["pipe"] == "is no ordinary file"
    assert problems["huge"] == "is larger than 50 MB"


def test_an_empty_or_missing_folder_is_named(tmp_path):
    with pytest.raises(UsageError, match="no submissions"):
        collect(tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        collect(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no such folder"):
        only_one(tmp_path / "nowhere")


def test_a_folder_may_be_one_submission(folder):
    [found] = only_one(folder / "eve")
    assert (found.student, found.file.name) == ("eve", "work.py")
