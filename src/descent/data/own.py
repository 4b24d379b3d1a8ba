"""A user's own four files: where they are in a folder, and what identifies them.

The Snakefile imports this module at every start, so it must stay light.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from descent.data.idx import RAW_FILES
from descent.data.recognize import content_checksum
from descent.errors import DataError
from descent.files import replacing

#: What people call the files: with a dot for a dash, with `test` for `t10k`, after the name of a
#: data set, with an ending that an archive, a program or a browser has added.
_NAME = re.compile(
    r"(?:(?P<set>.+)[-_.])?(?P<split>train|t10k|test)[-_.](?P<kind>images|labels)"
    r"[-_.]idx\d(?:[-_.](?:ubyte|int))?(?:\.(?:gz|bin|idx|dat)| ?\(\d+\))*",
    re.IGNORECASE,
)

#: Where the files are: in the folder itself, or where torchvision puts them below its root.
_ROOMS = ("", "raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw", "QMNIST/raw", "EMNIST/raw")

_LOOKED_FOR = (
    "They are called train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and "
    "t10k-labels-idx1-ubyte, or with .idx for -idx, test for t10k, the name of the data set before "
    "it, and .gz after it; they are in this folder, in MNIST/raw, or in folders with these names. "
    "descent convert makes them from other files"
)


@dataclass(frozen=True)
class OwnData:
    """A user's four files.

    Attributes
    ----------
    files : list of str
        In the order of `RAW_FILES`.
    sideways : bool
        Whether rows and columns of the images are swapped: EMNIST's files are, told by their names.
    identity : str
        Depends on what is in the files, and on nothing else.
    """

    files: list
    sideways: bool
    identity: str


def find(folder):
    """Find files that may be a data set's, by their names.

    Parameters
    ----------
    folder : path

    Returns
    -------
    dict
        For each place and data set, such as `("MNIST/raw", "qmnist")`, a dict from the name of a
        raw file to the paths of the files for it.
    """
    found: dict = {}
    for room in _ROOMS:
        place = Path(folder, room)
        entries = sorted(place.iterdir()) if place.is_dir() else []
        for entry in entries:
            nested = entry.is_dir() and _NAME.fullmatch(entry.name)  # as Kaggle unpacks them
            for file in sorted(entry.iterdir()) if nested else [entry]:
                name = _NAME.fullmatch(file.name)
                if name and file.is_file() and not file.name.startswith("._"):
                    files = found.setdefault((room, (name["set"] or "").lower()), {})
                    files.setdefault(_raw_file(name), []).append(file)
    return found


def _raw_file(name):
    split = "train" if name["split"].lower() == "train" else "t10k"
    [raw] = [raw for raw in RAW_FILES if raw.startswith(f"{split}-{name['kind'].lower()}")]
    return raw


def choose(folder, split=None):
    """Find the four files of one data set in a folder.

    Parameters
    ----------
    folder : path
    split : str, optional
        Which of EMNIST's, where there are several.

    Returns
    -------
    dict
        From the name of a raw file to the paths of the files for it, at least one.
    sideways : bool

    Raises
    ------
    DataError
        If a file is missing, or if there is more than one data set.
    """
    folder = Path(folder)
    found = find(folder)
    if split is not None:
        found = {key: files for key, files in found.items() if key[1] == f"emnist-{split}"}
    complete = {key: files for key, files in found.items() if files.keys() == set(RAW_FILES)}
    directly = {key: files for key, files in complete.items() if not key[0]}
    complete = directly or complete
    if not complete:
        raise DataError(_what_is_missing(folder, found))
    if len(complete) > 1:
        parts = [[str(folder), room, name and f"{name}-*"] for room, name in complete]
        names = ", ".join("/".join(filter(None, part)) for part in parts)
        raise DataError(
            f"dataset.folder: {folder} has several data sets ({names}); name the folder of one, or "
            "for EMNIST's files its dataset.split"
        )
    [((_, name), files)] = complete.items()
    return files, name.startswith("emnist")


def _what_is_missing(folder, found):
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        return f"dataset.folder: {folder} {what}; it must be a folder with four IDX files"
    files = max(found.values(), key=len, default={})
    missing = [name for name in RAW_FILES if name not in files]
    names = sorted(entry.name for entry in folder.iterdir())
    there = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return (
        f"dataset.folder: {folder} has no {', no '.join(missing)}; there is {there or 'nothing'}. "
        f"{_LOOKED_FOR}"
    )


def identify(folder, cache, *, split=None, anew=True):
    """Find a user's four files, and identify them by their content.

    Time stamps say nothing: a file that is replaced by an older one is another file, and a file
    that is only touched is the same. Checksums are remembered for files whose path, size, times and
    inode are unchanged.

    Parameters
    ----------
    folder : path
    cache : path
        A JSON file with the remembered checksums.
    split : str, optional
        As in `choose`.
    anew : bool
        Whether to look at the files; if not, or if the folder is not there any more, they are taken
        as they are remembered. So all jobs of a run see the same.

    Returns
    -------
    OwnData

    Raises
    ------
    DataError
        As in `choose`; also if a file is a damaged gzip file, or if two files for the same images
        or labels differ.
    """
    remembered = _read(cache)
    key = json.dumps([str(Path(folder).resolve()), split])
    if key in remembered["folders"] and not (anew and Path(folder).exists()):
        return OwnData(**remembered["folders"][key])
    candidates, sideways = choose(folder, split)
    checksums, files = [], []
    for name in RAW_FILES:
        sums = {file: _checksum(file, remembered["files"]) for file in candidates[name]}
        first, *others = sums
        for other in others:
            if sums[other] != sums[first]:
                raise DataError(f"{first} and {other} differ; remove the one that is outdated")
        checksums.append(sums[first])
        files.append(str(first))
    identity = hashlib.sha256(" ".join([*checksums, str(sideways)]).encode()).hexdigest()[:12]
    own = OwnData(files, sideways, identity)
    remembered["folders"][key] = vars(own)
    if anew and remembered != _read(cache):
        with replacing(cache) as part:
            part.write_text(json.dumps(remembered, indent=1))
    return own


def _read(cache):
    try:
        remembered = json.loads(Path(cache).read_text())
        return {"files": dict(remembered["files"]), "folders": dict(remembered["folders"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"files": {}, "folders": {}}


def _checksum(file, remembered):
    """Return the checksum of a file's content, and remember it."""
    about, path = file.stat(), str(file.resolve())
    state = [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino]
    if path not in remembered or remembered[path][:-1] != state:
        remembered[path] = [*state, content_checksum(file)]
    return remembered[path][-1]
