"""Fetching MNIST's files from the first source that has the right ones."""

import contextlib
import gzip
import shutil
import sys
import tempfile
import textwrap
import zlib
from pathlib import Path

import pooch
import requests

from descent.files import replacing

#: SHA-256 of the four gzipped files that MNIST consists of.
SHA256 = {
    "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}


class SourceError(RuntimeError):
    """A source does not have the file, or has a wrong one."""


def fetch(filename, sources, target, *, timeout, sha256=SHA256):
    """Write `filename`, unpacked, to `target`, from the first source that has the right one.

    Parameters
    ----------
    filename : str
        A key of `sha256`, without `.gz`.
    sources : list of str
        Folders and http(s) addresses that hold `<filename>.gz`, tried in this order.
    target : path
        Written beside and renamed.
    timeout : float
        Seconds that an address may stay silent.
    sha256 : dict
        Maps each file's name to the SHA-256 of its gzipped form.

    Raises
    ------
    SourceError
        If no source has the right file; lists every source with its reason.
    """
    reasons = []
    for source in sources:
        try:
            with tempfile.TemporaryDirectory(prefix=".part-", dir=Path(target).parent) as folder:
                archive = _locate(source, f"{filename}.gz", folder, timeout)
                _check_sha256(archive, sha256[filename])
                unpack(archive, target)
            print(f"{filename}: taken from {source}, SHA-256 verified")
            return
        except (SourceError, OSError, requests.RequestException) as error:
            reasons.append(f"  {source}: {textwrap.shorten(str(error), 300)}")
            print(f"{filename}: rejected {reasons[-1].strip()}")
    raise SourceError(
        "\n".join(
            [
                f"{filename}.gz: no source has the right file.",
                *reasons,
                "Put MNIST's four .gz files into a folder and add it to dataset.sources, "
                "or run without a download: --configfile config/digits.yaml",
            ]
        )
    )


def unpack(file, target):
    """Copy a file, gzipped or not, to `target`, unpacked; written beside and renamed."""
    opener = gzip.open if Path(file).suffix == ".gz" else open
    try:
        with opener(file, "rb") as packed, replacing(target) as part, part.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceError(f"{file}: not a whole gzip file ({error})") from None


def _locate(source, filename, folder, timeout):
    """Return the path of the file in a source that is a folder, else download it into `folder`."""
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


def _check_sha256(file, expected):
    digest = pooch.file_hash(file)
    if digest != expected:
        with open(file, "rb") as content:
            page = content.read(64).lstrip().startswith(b"<")
        what = "a web page" if page else f"a file of {Path(file).stat().st_size} bytes"
        raise SourceError(f"{what} with SHA-256 {digest}, which should be {expected}")
