"""What a file is, whatever its name says: told by its first bytes.

The Snakefile imports this module at every start, so it must stay light.
"""

import contextlib
import gzip
import hashlib
import zlib

from descent.errors import DataError

#: How many bytes `describe` needs.
HEAD = 64

#: What the first bytes of files that people take for others say.
_BEGINNINGS = {
    b"\x1f\x8b": "a gzip file",
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"\xfd7zXZ": "an xz file; unpack it first",
    b"BZh": "a bzip2 file; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"RIFF": "a RIFF file, such as a WebP image",
    b"%PDF": "a PDF",
    b"\x93NUMPY": "a NumPy array",
    b"\x89HDF": "an HDF5 file",
    b"MATLAB 7.3": "a MATLAB file of version 7.3, which is HDF5",
    b"MATLAB": "a MATLAB file",
    b"PAR1": "a parquet file",
    b"version https://git-lfs": "a git-LFS pointer in place of the file; run: git lfs pull",
    b"<": "a web page",
    b"\x01\x08\x00\x00": "IDX labels in the other byte order; write the header big-endian",
    b"\x03\x08\x00\x00": "IDX images in the other byte order; write the header big-endian",
}
_PICKLE = "a pickle, which can run code when opened"
_BEGINNINGS |= {bytes([0x80, protocol]): _PICKLE for protocol in range(6)}

#: The types of numbers in an IDX file by their code, as NumPy names them.
IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}

_NAMES = {8: "uint8", 9: "int8", 11: "int16", 12: "int32", 13: "float32", 14: "float64"}

#: People pack twice, but hardly three times.
_LAYERS = 3


def describe(head):
    """Say what a file is.

    Parameters
    ----------
    head : bytes
        Its first `HEAD` bytes.

    Returns
    -------
    str
        Such as "a web page" or "IDX labels"; it can follow "is".
    """
    if not head:
        return "empty"
    if len(head) >= 4 and head[:2] == b"\0\0" and head[2] in IDX_TYPES:
        kind = {1: "labels", 3: "images"}.get(head[3], f"numbers in {head[3]} dimensions")
        return f"IDX {kind} of type {_NAMES[head[2]]}"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for beginning, name in _BEGINNINGS.items():
        if head.startswith(beginning) or text.startswith(beginning):
            return name
    if all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head):
        return f"text, which begins with {head[:20].decode('ascii')!r}"
    return f"no file of a known kind; its first bytes are {head[:4].hex(' ')}"


def describe_file(file):
    """Say what the file at a path is."""
    with open(file, "rb") as stream:
        return describe(stream.read(HEAD))


@contextlib.contextmanager
def unpacked(file):
    """Open a file for reading, without its layers of gzip, whatever its name says.

    Yields
    ------
    binary file
        It has `peek`.

    Raises
    ------
    DataError
        If a layer of gzip is damaged, now or while it is read.
    """
    try:
        with contextlib.ExitStack() as opened:
            stream = opened.enter_context(open(file, "rb"))
            for _ in range(_LAYERS):
                if not stream.peek(2).startswith(b"\x1f\x8b"):
                    break
                stream = opened.enter_context(gzip.open(stream))
            yield stream
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{file}: not a complete gzip file ({error}); get it again, its download was cut off"
        ) from None


def content_checksum(file):
    """Compute the SHA-256 of what is in a file, without its layers of gzip."""
    with unpacked(file) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
