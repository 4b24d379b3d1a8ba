"""What a file is, and its content without layers of gzip."""

import gzip
import pickle

import numpy as np
import pytest

from descent.data.recognize import HEAD, content_checksum, describe, describe_file, unpacked
from descent.errors import DataError
from forms_of_data import idx, png

CONTENT = idx(np.arange(200) % 10)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (gzip.compress(b"x", mtime=0), "a gzip file"),  # its name is the same in every process
        (b"\n <!DOCTYPE html>", "a web page"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied', "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a git-LFS pointer"),
        (pickle.dumps([1]), "a pickle, which can run code"),
        (png(np.zeros((2, 2), np.uint8)), "a PNG image"),
        (CONTENT, "IDX labels of type uint8"),
        (idx(np.zeros((2, 3, 3)), ">f4"), "IDX images of type float32"),
        (idx(np.zeros((2, 8)), ">i4"), "IDX numbers in 2 dimensions of type int32"),
        (b"\x03\x08\0\0\x02\0\0\0", "IDX images in the other byte order"),
        (b"label,1x1,1x2", "text, which begins with 'label,1x1,1x2'"),
        (b"\xde\xad\xbe\xef\0", "no file of a known kind; its first bytes are de ad be ef"),
    ],
)
def test_a_file_is_called_what_it_is(tmp_path, content, said):
    assert describe(content[:HEAD]).startswith(said)
    (tmp_path / "a").write_bytes(content)
    assert describe_file(tmp_path / "a").startswith(said)


def test_layers_of_gzip_are_told_by_content_not_by_name(tmp_path):
    sums = set()
    for layers in range(3):
        content = CONTENT
        for _ in range(layers):
            content = gzip.compress(content)
        for name in ("a", "a.gz"):
            (tmp_path / name).write_bytes(content)
            with unpacked(tmp_path / name) as stream:
                assert stream.read() == CONTENT
            sums.add(content_checksum(tmp_path / name))
    assert len(sums) == 1


@pytest.mark.parametrize("damage", [lambda c: c[:-9], lambda c: c[:15] + b"\xff\xff" + c[17:]])
def test_a_damaged_gzip_file_is_named(tmp_path, damage):
    (tmp_path / "a.gz").write_bytes(damage(gzip.compress(CONTENT)))
    with pytest.raises(DataError, match=r"a\.gz: not a complete gzip file"):
        content_checksum(tmp_path / "a.gz")
