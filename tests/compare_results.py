"""Compare two folders of results: python tests/compare_results.py OLD/results/mnist results/mnist.

Runs, curves, traces and tables must hold the same values, bit for bit; weights and figures must
have the same bytes. What differs between any two runs is ignored: measured times, provenance and
pages. Prints a line for each file that differs or is in one folder only; the exit code is then 1.
"""

import filecmp
import sys
from pathlib import Path

import pandas as pd

TIMES = ["train_seconds", "seconds_median", "seconds_per_iteration", "forward_seconds"]
READERS = {".parquet": pd.read_parquet, ".csv": pd.read_csv}
PATTERNS = [
    "iterations/**/*.parquet",
    "epochs/**/*.parquet",
    "weights/**/*.safetensors",
    "curves*.parquet",
    "parity/*.parquet",
    "selection/*.*",
    "tables/*.*",
    "figures/*.*",
]


def same(one, other):
    """Return whether two files hold the same results."""
    if one.suffix not in READERS:
        return filecmp.cmp(one, other, shallow=False)
    frames = (
        READERS[one.suffix](file).drop(columns=TIMES, errors="ignore") for file in (one, other)
    )
    try:
        pd.testing.assert_frame_equal(*frames, check_exact=True)
    except AssertionError:
        return False
    return True


def main(old, new):
    """Print what differs; return the exit code."""
    files = {
        file.relative_to(folder)
        for folder in (old, new)
        for pattern in PATTERNS
        for file in folder.glob(pattern)
    }
    lost = sorted(f for f in files if not ((old / f).exists() and (new / f).exists()))
    changed = sorted(files - set(lost))
    changed = [file for file in changed if not same(old / file, new / file)]
    for what, which in (("in one folder only", lost), ("different", changed)):
        for file in which:
            print(f"{file}: {what}")
    print(f"{len(files) - len(lost) - len(changed)} of {len(files)} files are the same")
    return bool(lost or changed or not files)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
