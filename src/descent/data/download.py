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

from descent.data.idx import RAW_FILES, transpose_images
from descent.errors import DataError, SourceError
from descent.files import PART, replacing

#: Paths of the four files in EMNIST's zip file.
EMNIST_MEMBERS = {
    name: f"gzip/emnist-balanced-{name.replace('t10k', 'test')}.gz" for name in RAW_FILES
}

_NOT_GZIP = gzip.BadGzipFile, EOFError, zlib.error


def fetch(archive, sources, targets, *, checksum, timeout):
    """Fetch an archive from the first source that has the right one, and unpack its raw files.

    Parameters
    ----------
    archive : str
        File name of a gzipped raw file, or of EMNIST's zip file.
    sources : list of str
        Folders and http(s) URLs where the archive may be, tried in this order.
    targets : list of path
        One raw file, or EMNIST's four; each is written atomically.
    checksum : str
        Checksum of the archive, `<algorithm>:<digest>`.
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
                file = _locate(source, archive, folder, timeout)
                _check(file, checksum)
                if file.suffix == ".zip":
                    unpack_emnist(file, targets)
                else:
                    unpack(file, *targets)
            print(f"{archive}: fetched from {source}, verified with {checksum}")
            return
        except (SourceError, OSError, requests.RequestException) as error:
            reasons.append(f"  {source}: {textwrap.shorten(str(error), 300)}")
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


def unpack(file, target):
    """Write the unpacked content of a file, gzipped or not, to `target` atomically."""
    opener = gzip.open if Path(file).suffix == ".gz" else open
    try:
        with opener(file, "rb") as packed, replacing(target) as part, part.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
    except _NOT_GZIP as error:
        raise SourceError(f"{file}: not a complete gzip file ({error})") from None


def unpack_emnist(file, targets):
    """Unpack the four files of EMNIST's balanced split, and turn the images upright.

    Parameters
    ----------
    file : path
        The zip file. Only the four members are read, by name, so that nothing is ever written to a
        path that the archive chooses.
    targets : list of path
        Named like `descent.data.idx.RAW_FILES`; each is written atomically.

    Raises
    ------
    SourceError
        If it is not a zip file, or a member is missing or damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            for target in map(Path, targets):
                with archive.open(EMNIST_MEMBERS[target.name]) as member, gzip.open(member) as raw:
                    content = raw.read()
                if "images" in target.name:  # stored with rows and columns swapped
                    content = transpose_images(content)
                with replacing(target) as part:
                    part.write_bytes(content)
    except (zipfile.BadZipFile, KeyError, DataError, *_NOT_GZIP) as error:
        raise SourceError(f"{file}: not a complete EMNIST zip file ({error})") from None


def _locate(source, filename, folder, timeout):
    """Return the path of the file in a source folder, or download it to `folder` from a URL."""
    if not source.startswith(("http://", "https://")):
        file = Path(source) / filename
        if not file.is_file():
            raise SourceError("no such file" if Path(source).is_dir() else "no such folder")
        return file
    downloaded, terminal = Path(folder) / filename, sys.__stderr__
    download = pooch.HTTPDownloader(progressbar=terminal.isatty(), timeout=timeout)
    with contextlib.redirect_stderr(terminal):  # the bar is for people, not for the job's log
        download(f"{source.rstrip('/')}/{filename}", str(downloaded), None)
    return downloaded


def _check(file, checksum):
    algorithm, _, expected = checksum.partition(":")
    digest = pooch.file_hash(file, alg=algorithm)
    if digest != expected:
        with open(file, "rb") as content:
            page = content.read(64).lstrip().startswith(b"<")
        what = "a web page" if page else f"a file of {Path(file).stat().st_size} bytes"
        name = {"sha256": "SHA-256", "md5": "MD5"}[algorithm]
        raise SourceError(f"{what} with {name} {digest}, which should be {expected}")
