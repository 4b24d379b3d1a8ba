"""Fetch a data set's files from the first source that has the right ones."""

import contextlib
import gzip
import shutil
import sys
import tempfile
import textwrap
import zipfile
import zlib
from pathlib import Path

import pooch
import requests

from descent.data.idx import transpose_images
from descent.data.own import find
from descent.data.recognize import content_checksum, describe_file, unpacked
from descent.errors import DataError, SourceError
from descent.files import PART, replacing

_NOT_GZIP = gzip.BadGzipFile, EOFError, zlib.error


def emnist_member(split, name):
    """Return the path of a raw file of one of EMNIST's splits in its zip file."""
    return f"gzip/emnist-{split}-{name.replace('t10k', 'test')}.gz"


def fetch(archive, sources, targets, *, checksum, content=None, split="balanced", timeout):
    """Fetch an archive from the first source that has the right one, and unpack its raw files.

    Parameters
    ----------
    archive : str
        File name of a gzipped raw file, or of EMNIST's zip file.
    sources : list of str
        Folders and http(s) URLs where the archive may be, tried in this order. In folders, a
        gzipped raw file may have any of the names that `descent.data.own.find` knows.
    targets : list of path
        One raw file, or EMNIST's four; each is written atomically.
    checksum : str
        Checksum of the archive, `<algorithm>:<digest>`.
    content : str, optional
        SHA-256 of the raw file. A file with this content is right however it is packed.
    split : str
        Which of EMNIST's.
    timeout : float
        Seconds that a server may stay silent.

    Raises
    ------
    SourceError
        If no source has the right file; the message gives the reason for each source.
    """
    reasons = []
    for source in sources:
        try:
            with tempfile.TemporaryDirectory(prefix=PART, dir=Path(targets[0]).parent) as folder:
                file, verified = _right_one(
                    _locate(source, archive, folder, timeout), checksum, content
                )
                if archive.endswith(".zip"):
                    unpack_emnist(file, targets, split)
                else:
                    _unpack(file, *targets)
            print(f"{archive}: fetched from {source}, verified with {verified}")
            return
        except (DataError, SourceError, OSError, requests.RequestException) as error:
            reasons.append(f"  {source}: {textwrap.shorten(str(error), 400)}")
            print(f"{archive}: rejected {reasons[-1].strip()}")
    raise SourceError(
        "\n".join(
            [
                f"{archive}: no source has the right file.",
                *reasons,
                "Put the data set's .gz or .zip files in a folder and list it in "
                "dataset.sources, or run without a download: --configfile config/digits.yaml",
            ]
        )
    )


def _unpack(file, target):
    """Write the content of a verified file to `target` atomically."""
    with unpacked(file) as content, replacing(target) as part, part.open("wb") as raw:
        shutil.copyfileobj(content, raw)


def unpack_emnist(file, targets, split="balanced"):
    """Unpack the four files of one of EMNIST's splits, and turn the images upright.

    Parameters
    ----------
    file : path
        The zip file. Only the four members are read, by name, so that nothing is ever written to a
        path that the archive chooses.
    targets : list of path
        Named like `descent.data.idx.RAW_FILES`; each is written atomically.
    split : str
        Which one.

    Raises
    ------
    SourceError
        If it is not a zip file, or a member is missing or damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            for target in map(Path, targets):
                member = emnist_member(split, target.name)
                with archive.open(member) as packed, gzip.open(packed) as raw:
                    content = raw.read()
                if "images" in target.name:  # stored with rows and columns swapped
                    content = transpose_images(content)
                with replacing(target) as part:
                    part.write_bytes(content)
    except (zipfile.BadZipFile, KeyError, DataError, *_NOT_GZIP) as error:
        raise SourceError(f"{file}: not a complete EMNIST zip file ({error})") from None


def _locate(source, archive, folder, timeout):
    """List the files for an archive in a source folder, or download it to `folder` from a URL."""
    if not source.startswith(("http://", "https://")):
        if not Path(source).is_dir():
            raise SourceError("no such folder")
        exactly, raw = Path(source) / archive, archive.removesuffix(".gz")
        files = [file for names in find(source).values() for file in names.get(raw, [])]
        files = list(dict.fromkeys([exactly, *files] if exactly.is_file() else files))
        if not files:
            names = sorted(entry.name for entry in Path(source).iterdir())
            raise SourceError(f"no such file; there is {', '.join(names[:8]) or 'nothing'}")
        return files
    downloaded, terminal = Path(folder) / archive, sys.__stderr__
    download = pooch.HTTPDownloader(progressbar=terminal.isatty(), timeout=timeout)
    with contextlib.redirect_stderr(terminal):  # the bar is for people, not for the job's log
        download(f"{source.rstrip('/')}/{archive}", str(downloaded), None)
    return [downloaded]


def _right_one(files, checksum, content):
    """Return the first file that is right, and the checksum that says so.

    Raises
    ------
    SourceError
        If none is; the message says what each of them is.
    """
    algorithm, _, expected = checksum.partition(":")
    name, wrong = {"sha256": "SHA-256", "md5": "MD5"}[algorithm], []
    for file in files:
        digest = pooch.file_hash(file, alg=algorithm)
        if digest == expected:
            return file, checksum
        if content:
            with contextlib.suppress(DataError):  # a damaged file, which the checksum tells anyway
                if content_checksum(file) == content:
                    return file, f"the sha256 of its content:{content}"
        wrong.append(
            f"{Path(file).name} is {describe_file(file)}, {Path(file).stat().st_size} bytes "
            f"with {name} {digest}, which should be {expected}"
        )
    raise SourceError("; ".join(wrong))
