"""An experiment keeps its data when the shared ones are removed."""

import pytest

from descent.data import keep as module
from descent.data.keep import keep


@pytest.mark.parametrize("links", [True, False])
def test_data_are_kept_without_space_where_that_is_possible(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(module.os, "link", lambda *files: (_ for _ in ()).throw(OSError()))
    (tmp_path / "shared").write_bytes(b"tensors")
    own = tmp_path / "results" / "own"
    for _ in range(2):  # again, over the same file
        keep(tmp_path / "shared", own)
    assert (tmp_path / "shared").samefile(own) == links
    (tmp_path / "shared").unlink()
    assert own.read_bytes() == b"tensors"
    assert [file.name for file in own.parent.iterdir()] == ["own"]
