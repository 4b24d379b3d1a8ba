"""Files are complete or absent, whatever happens to the process that writes them."""

import os

import pytest

from descent.files import check_writable, replacing


def test_a_failed_write_leaves_the_old_file(tmp_path):
    file = tmp_path / "result"
    file.write_text("old")
    with pytest.raises(RuntimeError), replacing(file) as part:
        part.write_text("half")
        raise RuntimeError
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_reader_of_the_old_file_never_sees_half_of_the_new_one(tmp_path):
    file = tmp_path / "result"
    file.write_text("old")
    with file.open() as reader:
        with replacing(file) as part:
            part.write_text("new and longer")
        assert reader.read() == "old"
    assert file.read_text() == "new and longer"


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    file = tmp_path / "result.csv"
    with replacing(file) as first, first.open("w") as one:
        one.write("one, ")
        one.flush()
        with replacing(file) as second:
            second.write_text("other")
        assert file.read_text() == "other"
        one.write("whole")
        one.flush()
    assert file.read_text() == "one, whole"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_file_has_the_permissions_of_any_other(tmp_path, umask):
    before = os.umask(umask)
    try:
        (tmp_path / "other").touch()
        with replacing(tmp_path / "result") as part:
            part.touch()
    finally:
        os.umask(before)
    assert (tmp_path / "result").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    check_writable(tmp_path / "new" / "folder")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"file/results: cannot be written to"):
        check_writable(tmp_path / "file" / "results")
