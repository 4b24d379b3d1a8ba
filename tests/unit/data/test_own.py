"""A user's own files: found under the names that people give them, and told by their content."""

import gzip
import os
import shutil

import numpy as np
import pytest

from descent.data import own
from descent.data.idx import RAW_FILES
from descent.data.own import choose, find, identify
from descent.errors import DataError
from forms_of_data import idx, write_own

QMNIST = [
    f"qmnist-{split}-{kind}"
    for split in ("train", "test")
    for kind in ("images-idx3-ubyte", "labels-idx2-int")
]

#: How the four files are called, and in which folder of the one given they are.
LAYOUTS = {
    "LeCun's": (RAW_FILES, ""),
    "gzipped": ([f"{name}.gz" for name in RAW_FILES], ""),
    "with dots": ([name.replace("-idx", ".idx") for name in RAW_FILES], ""),
    "with dots, gzipped": ([name.replace("-idx", ".idx") + ".gz" for name in RAW_FILES], ""),
    "test for t10k": ([name.replace("t10k", "test") for name in RAW_FILES], ""),
    "of torchvision": (RAW_FILES, "MNIST/raw"),
    "of torchvision, the folder in it": (RAW_FILES, "raw"),
    "of Kaggle": ([f"{name}/{name}" for name in RAW_FILES], ""),
    "of Kaggle, with dots": (
        [f"{name}/{name}" for name in (n.replace("-idx", ".idx") for n in RAW_FILES)],
        "",
    ),
    "of QMNIST": (QMNIST, ""),
    "of QMNIST, gzipped, by torchvision": ([f"{name}.gz" for name in QMNIST], "QMNIST/raw"),
    "of EMNIST": ([f"emnist-letters-{n.replace('t10k', 'test')}.gz" for n in RAW_FILES], ""),
    "with an ending for Windows": ([f"{name}.bin" for name in RAW_FILES], ""),
    "downloaded again": ([f"{name} (1).gz" for name in RAW_FILES], ""),
    "in capitals": ([name.title() for name in RAW_FILES], ""),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_are_found(tmp_path, layout):
    names, room = LAYOUTS[layout]
    write_own(tmp_path, names, room=room)
    data = identify(tmp_path, tmp_path / "cache.json")
    assert data.files == [str(tmp_path / room / name) for name in names]
    assert data.sideways == (layout == "of EMNIST")


def test_the_same_content_is_the_same_data_whatever_its_name_packing_and_time(tmp_path):
    identities = set()
    for number, (names, room) in enumerate(LAYOUTS.values()):
        folder = write_own(tmp_path / str(number), names, room=room)
        for file in folder.rglob("*ubyte*"):
            os.utime(file, (0, number))
        identities.add(identify(folder, tmp_path / "cache.json").identity)
    assert len(identities) == 2  # EMNIST's images are sideways


def test_a_file_that_is_replaced_by_an_older_one_is_another(tmp_path):
    folder = write_own(tmp_path / "raw", RAW_FILES)
    before = identify(folder, tmp_path / "cache.json").identity
    file = folder / RAW_FILES[1]
    (tmp_path / "older").write_bytes(file.read_bytes()[:-1] + b"\1")
    os.utime(tmp_path / "older", (1, 1))
    shutil.copy2(tmp_path / "older", file)
    assert file.stat().st_mtime == 1
    other = identify(folder, tmp_path / "cache.json").identity
    assert other != before
    # Even where size and time are the same.
    file.write_bytes(file.read_bytes()[:-1] + b"\2")
    os.utime(file, (1, 1))
    assert len({before, other, identify(folder, tmp_path / "cache.json").identity}) == 3


def test_checksums_are_remembered(tmp_path, monkeypatch):
    folder = write_own(tmp_path / "raw", RAW_FILES)
    before = identify(folder, tmp_path / "cache.json")
    monkeypatch.setattr(own, "content_checksum", None)
    assert identify(folder, tmp_path / "cache.json") == before
    (tmp_path / "cache.json").write_text("[")
    with pytest.raises(TypeError):
        identify(folder, tmp_path / "cache.json")


def test_jobs_and_those_who_have_removed_the_folder_see_the_data_as_they_were(tmp_path):
    folder = write_own(tmp_path / "raw", RAW_FILES)
    before = identify(folder, tmp_path / "cache.json")
    (folder / RAW_FILES[0]).unlink()
    assert identify(folder, tmp_path / "cache.json", anew=False) == before
    with pytest.raises(DataError, match=f"raw has no {RAW_FILES[0]}"):
        identify(folder, tmp_path / "cache.json")
    shutil.rmtree(folder)
    assert identify(folder, tmp_path / "cache.json") == before


def test_two_files_for_the_same_must_agree(tmp_path):
    write_own(tmp_path, RAW_FILES)
    write_own(tmp_path, [f"{name}.gz" for name in RAW_FILES])
    identify(tmp_path, tmp_path / "cache.json")
    (tmp_path / f"{RAW_FILES[2]}.gz").write_bytes(gzip.compress(idx(np.zeros((12, 6, 6)))))
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte and \S+ubyte\.gz differ; remove"):
        identify(tmp_path, tmp_path / "cache.json")


def test_one_of_several_data_sets_must_be_named(tmp_path):
    for room in ("MNIST/raw", "FashionMNIST/raw"):
        write_own(tmp_path, RAW_FILES, room=room)
    with pytest.raises(DataError, match=r"several data sets \(\S+MNIST/raw, \S+FashionMNIST/raw\)"):
        choose(tmp_path)
    assert len(find(tmp_path)) == 2
    write_own(tmp_path, RAW_FILES)
    assert choose(tmp_path)[0][RAW_FILES[0]] == [tmp_path / RAW_FILES[0]]


def test_one_of_emnists_splits_is_named_by_split(tmp_path):
    for split in ("letters", "digits"):
        write_own(tmp_path, [f"emnist-{split}-{n.replace('t10k', 'test')}" for n in RAW_FILES])
    with pytest.raises(DataError, match=r"emnist-digits-\*.*dataset\.split"):
        choose(tmp_path)
    files, sideways = choose(tmp_path, "letters")
    assert files[RAW_FILES[3]] == [tmp_path / "emnist-letters-test-labels-idx1-ubyte"]
    assert sideways
    with pytest.raises(DataError, match="has no train-images"):
        choose(tmp_path, "byclass")


def test_what_was_looked_for_and_what_is_there_are_said(tmp_path):
    with pytest.raises(DataError, match="none does not exist; it must be a folder"):
        choose(tmp_path / "none")
    write_own(tmp_path, RAW_FILES)
    (tmp_path / RAW_FILES[3]).rename(tmp_path / "t10k-labels.txt")
    with pytest.raises(DataError) as error:
        choose(tmp_path)
    [line] = str(error.value).splitlines()
    assert f"has no {RAW_FILES[3]}; there is t10k-images-idx3-ubyte, t10k-labels.txt" in line
    assert "test for t10k" in line and "MNIST/raw" in line and "descent convert" in line
    with pytest.raises(DataError, match="is a file"):
        choose(tmp_path / RAW_FILES[0])


def test_what_macos_leaves_in_archives_is_no_file(tmp_path):
    write_own(tmp_path, RAW_FILES)
    for name in RAW_FILES:
        (tmp_path / f"._{name}").write_bytes(b"\0\5\x16\7")
    assert choose(tmp_path)[0][RAW_FILES[0]] == [tmp_path / RAW_FILES[0]]
