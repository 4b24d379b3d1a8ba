"""A seal on a file of results: the checksum of all its bytes, inside the file itself.

A flipped bit in a Parquet or safetensors file usually changes a number and nothing else, so readers
do not notice. Both formats have a place for texts. There, the writer puts `SEAL`, and `seal` puts
the checksum of the file in place of its zeros. `read_intact` is how results are read.

pyarrow is imported only where tables are: training alone does not need it.
"""

import contextlib
import hashlib
import re
from pathlib import Path

from descent.errors import DamagedFileError
from descent.files import replacing

_MARK = b"SHA-256 of this file, with zeros in place of this number: "
_ZEROS = b"0" * 64

#: The text that a file has before it is sealed.
SEAL = (_MARK + _ZEROS).decode()


def seal(file):
    """Put the checksum of a file that contains `SEAL` once into the file."""
    content = Path(file).read_bytes()
    head, rest = content.split(SEAL.encode())
    digest = hashlib.sha256(content).hexdigest().encode()
    Path(file).write_bytes(head + _MARK + digest + rest)


def read_intact(file):
    """Read the bytes of a file; one without a seal, from an earlier version, is not verified.

    Raises
    ------
    descent.errors.DamagedFileError
        If the file is not what was written.
    """
    content = Path(file).read_bytes()
    sealed = re.search(re.escape(_MARK) + rb"(.{64})", content, re.DOTALL)
    if sealed:
        start, end = sealed.span(1)
        whole = hashlib.sha256(content[:start] + _ZEROS + content[end:]).hexdigest()
        if whole.encode() != sealed[1]:
            raise damaged(file)
    return content


def damaged(file):
    """Make the error that says that a file is damaged."""
    return DamagedFileError(
        f"{file}: damaged, it is not what was written; remove it and run snakemake again, which "
        "makes only this file and what depends on it"
    )


def write_table(table, file):
    """Write a pyarrow.Table to a sealed Parquet file, atomically; its metadata are kept."""
    import pyarrow.parquet as pq

    texts = {**(table.schema.metadata or {}), "seal": SEAL}
    with replacing(file) as part:
        # with checksums of the pages, too, which other readers can verify
        pq.write_table(
            table.replace_schema_metadata(texts), part, compression="zstd", write_page_checksum=True
        )
        seal(part)


def read_table(file, columns=None):
    """Read a Parquet file of results as a pyarrow.Table.

    Raises
    ------
    descent.errors.DamagedFileError
        If the file is not what was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = read_intact(file)
    with naming_damage(file):
        # not pq.read_table, which takes more than twice as long for a small file
        table = pq.ParquetFile(pa.BufferReader(content)).read(columns=columns)
        return table if columns is None else table.select(columns)


@contextlib.contextmanager
def naming_damage(file):
    """Say that a file is damaged if it cannot be understood."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError):
        raise damaged(file) from None


def write_frame(frame, file):
    """Write a pandas.DataFrame to a sealed Parquet file, atomically and without its index."""
    import pyarrow as pa

    write_table(pa.Table.from_pandas(frame, preserve_index=False), file)


def read_frame(file):
    """Read what `write_frame` wrote.

    Raises
    ------
    descent.errors.DamagedFileError
    """
    table = read_table(file)
    with naming_damage(file):
        return table.to_pandas()
