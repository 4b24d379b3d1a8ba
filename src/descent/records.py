"""The files of a run; their columns are defined only here.

The Parquet files keep a run's provenance in their key-value metadata, as JSON under `descent`.

pandas is imported only when something is read or written (pyarrow imports it then), which saves a
job its 60 MB while it trains. torch is imported only when weights are written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from descent.errors import RecordError
from descent.files import replacing
from descent.optimizers.packages import package_provenance
from descent.optimizers.spec import may_draw, source_provenance
from descent.provenance import provenance
from descent.seal import (
    SEAL,
    damaged,
    naming_damage,
    read_intact,
    read_table,
    seal,
    write_table,
)
from descent.training.run import Run
from descent.training.seeding import NOISE, OPTIMIZER, PURPOSES, stream_seed, stream_variant

if TYPE_CHECKING:
    import pandas as pd
    import torch

_NAME = pa.dictionary(pa.int32(), pa.string())

#: One row per iteration. For its mini-batch a float32 column per metric follows, see
#: `descent.training.epoch.OF_IMAGES`; losses are in nats, accuracies in [0, 1].
ITERATIONS = pa.schema(
    [
        ("variant", _NAME),
        ("seed", pa.int32()),
        ("iteration", pa.int32()),
        ("epoch", pa.int16()),
    ]
)

#: One row per epoch, where epoch 0 is the untrained network; `iteration` is the epoch's last one.
#: The validation columns are empty unless images were held out.
EPOCHS = pa.schema(
    [
        ("variant", _NAME),
        ("seed", pa.int32()),
        ("epoch", pa.int16()),
        ("iteration", pa.int32()),
        ("test_loss", pa.float64()),
        ("test_accuracy", pa.float64()),
        ("train_seconds", pa.float64()),
        ("validation_loss", pa.float64()),
        ("validation_accuracy", pa.float64()),
    ]
)


def write_run(
    run: Run,
    configuration: Mapping[str, Any],
    iterations: str | Path,
    epochs: str | Path,
    weights: str | Path,
    identity: str | None = None,
) -> None:
    """Write the files of a run, each of them atomically and sealed.

    Parameters
    ----------
    run : descent.training.run.Run
    configuration : dict
        What the run depends on: `variant`, its `settings`, and the fields of
        `descent.training.settings.TrainingSettings`; saved as metadata with the provenance.
    iterations, epochs, weights : path
        Two Parquet files, with the columns `ITERATIONS` and `EPOCHS`, and a safetensors file.
    identity : str, optional
        A fingerprint of everything that the numbers depend on, for `unfinished`.
    """
    variant, root_seed = configuration["variant"], configuration["root_seed"]
    optimizer = configuration["settings"]["optimizer"]
    named, module = stream_variant(variant, configuration["seeding"]), configuration.get("model")
    purposes = [
        *PURPOSES,
        *([NOISE] if module else []),
        *([OPTIMIZER] if may_draw(optimizer) else []),
    ]
    metadata = {
        "configuration": configuration,
        "seed": run.seed,
        "streams": {
            purpose: stream_seed(root_seed, purpose, named, run.seed) for purpose in purposes
        },
        **provenance(run.device),
        **source_provenance("rule", optimizer),
        **package_provenance(optimizer),
        **(source_provenance("module", module["module"]) if module else {}),
        **run.status(),
    }
    from safetensors.torch import save_file

    with replacing(weights) as part:
        save_file(run.parameters, part, {"seal": SEAL})
        seal(part)
    write_iterations(iterations, variant, run, metadata)
    # Only the epochs have timings and the identity: retraining reproduces the iterations byte for
    # byte. They are written last, so that their identity is that of all three files.
    timed = {"forward_pass": run.forward_pass, "identity": identity}
    write_epochs(epochs, variant, run, metadata | timed)


def write_iterations(file: str | Path, variant: str, run: Run, metadata: Mapping[str, Any]) -> None:
    """Write the iterations of a `descent.training.run.Run`; a diverged run has fewer."""
    iteration = np.arange(1, run.n_iterations + 1)
    columns = {
        "variant": [variant] * run.n_iterations,
        "seed": np.full(run.n_iterations, run.seed),
        "iteration": iteration,
        "epoch": (iteration - 1) // run.iterations_per_epoch + 1,
    }
    schema = pa.schema([*ITERATIONS, *((column, pa.float32()) for column in run.iterations)])
    _write(file, schema, columns | run.iterations, metadata)


def write_epochs(file: str | Path, variant: str, run: Run, metadata: Mapping[str, Any]) -> None:
    """Write the epochs of a `descent.training.run.Run`; a diverged run has fewer."""
    n_rows = len(run.test_loss)
    epoch = np.arange(n_rows)
    _write(
        file,
        EPOCHS,
        {
            "variant": [variant] * n_rows,
            "seed": np.full(n_rows, run.seed),
            "epoch": epoch,
            "iteration": epoch * run.iterations_per_epoch,
            "test_loss": run.test_loss,
            "test_accuracy": run.test_accuracy,
            "train_seconds": run.train_seconds,
            "validation_loss": run.validation_loss,
            "validation_accuracy": run.validation_accuracy,
        },
        metadata,
    )


def _write(
    file: str | Path, schema: pa.Schema, columns: Mapping[str, Any], metadata: Mapping[str, Any]
) -> None:
    table = pa.table(
        {field.name: pa.array(columns[field.name]).cast(field.type) for field in schema}
    )
    # pyarrow cannot cast to a dictionary type that it did not make, so the schema is set last
    table = table.cast(schema.with_metadata({"descent": json.dumps(metadata, sort_keys=True)}))
    write_table(table, file)


def unfinished(files: Mapping[int, Sequence[str | Path]], identity: str) -> list[int]:
    """List the seeds of a training job that have to be trained; say which are not.

    Parameters
    ----------
    files : dict
        Maps each seed to the files that `write_run` writes: iterations, epochs and weights.
    identity : str
        As of `write_run`.

    Returns
    -------
    list of int
        Those without undamaged files of this identity. If there are none, all: who starts the job
        although nothing is missing wants its runs again.
    """
    missing = [seed for seed, of_seed in files.items() if not _is_complete(of_seed, identity)]
    if missing and (kept := [str(seed) for seed in files if seed not in missing]):
        print(f"kept, because nothing that they depend on has changed: seed {', '.join(kept)}")
    return missing or list(files)


def _is_complete(files: Sequence[str | Path], identity: str) -> bool:
    iterations, epochs, weights = files
    try:
        read_intact(iterations)
        read_intact(weights)
        return read_metadata(epochs).get("identity") == identity
    except (FileNotFoundError, RecordError):
        return False


def read_weights(file: str | Path) -> dict[str, torch.Tensor]:
    """Read the final parameters of a run, and verify that they are those that were written.

    Parameters
    ----------
    file : path
        Of `weights/`.

    Returns
    -------
    dict
        Maps W0, b0, ... to tensors, (outputs, inputs) and (outputs,).

    Raises
    ------
    DamagedFileError
        If the file is not what was written.

    Examples
    --------
    >>> import descent
    >>> weights = descent.read_weights("results/digits/weights/sgd_scratch/seed_0.safetensors")
    >>> weights["b0"].shape
    torch.Size([20])
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(read_intact(file))
    except (SafetensorError, ValueError):
        raise damaged(file) from None


def read_metadata(file: str | Path) -> dict[str, Any]:
    """Read the provenance stored in a run's Parquet file.

    Parameters
    ----------
    file : path
        Of `iterations/` or `epochs/`.

    Returns
    -------
    dict
        Configuration of the run, random streams, versions, machine and status.

    Raises
    ------
    DamagedFileError
        If the file is not what was written.

    Examples
    --------
    >>> import descent
    >>> about = descent.read_metadata("results/digits/epochs/sgd_scratch/seed_0.parquet")
    >>> about["seed"], about["status"], about["configuration"]["settings"]
    (0, 'completed', {'lr': 0.1, 'optimizer': 'scratch.sgd'})
    """
    return _metadata(read_table(file, columns=["seed"]), file)


def _metadata(table: pa.Table, file: str | Path) -> dict[str, Any]:
    with naming_damage(file):
        return json.loads(table.schema.metadata[b"descent"])


def read_runs(
    files: Iterable[str | Path], expected: Mapping[str, Iterable[int]], columns: Sequence[str]
) -> dict[tuple[str, int], pd.DataFrame]:
    """Read some columns from the Parquet files of many runs.

    Parameters
    ----------
    files : list of path
        One per run.
    expected : dict
        Maps each variant to its seeds.
    columns : list of str
        Names of columns of the files.

    Returns
    -------
    dict
        Maps (variant, seed), sorted, to a pandas.DataFrame of the columns.

    Raises
    ------
    RecordError
        Unless the files hold exactly the expected runs, all of them trained on the CPU or all on a
        GPU; a DamagedFileError if a file is not what was written.

    Examples
    --------
    >>> import descent
    >>> from pathlib import Path
    >>> files = Path("results/digits/epochs").rglob("*.parquet")
    >>> runs = descent.read_runs(files, {"sgd_scratch": [0, 1]}, ["test_accuracy"])
    >>> runs["sgd_scratch", 1]["test_accuracy"].round(1).tolist()  # the first is untrained
    [0.3, 1.0, 1.0]
    """
    found = {
        run: table.select(columns).to_pandas()
        for run, table in _tables(files, expected, ["variant", "seed", *columns])
    }
    return dict(sorted(found.items()))


def _tables(
    files: Iterable[str | Path],
    expected: Mapping[str, Iterable[int]],
    columns: Sequence[str] | None,
) -> Iterator[tuple[tuple[str, int], pa.Table]]:
    """Yield each run and its table; fail unless these are the expected runs, on one device."""
    seen, wanted = set(), {(variant, seed) for variant in expected for seed in expected[variant]}
    first = None
    for file in files:
        table = read_table(file, columns)
        # versions without a choice of devices trained on the CPU, and did not say so
        device = _metadata(table, file).get("device", "cpu")
        first = first or (file, device)
        if device != first[1]:
            raise RecordError(
                f"{file}: trained on {device}, but {first[0]} on {first[1]}; runs of different "
                "devices are not compared: name one in training.device, to train all of them there"
            )
        with naming_damage(file):
            run = table["variant"][0].as_py(), table["seed"][0].as_py()
        if run not in wanted or run in seen:
            raise RecordError(f"{file}: the run {run} is not configured or appears twice")
        seen.add(run)
        yield run, table
    if missing := sorted(wanted - seen):
        raise RecordError(f"no file has the configured run {missing[0]} ({len(missing)} missing)")


class Runs(Mapping):
    """Like what `read_runs` returns, but each run is read when it is asked for, and not kept.

    Thousands of runs do not fill the memory then. Other devices than that of the first run are not
    noticed; `collect` notices them.

    Parameters
    ----------
    files : list of path
        One per run, named as the workflow does: `<variant>/seed_<k>.parquet`.
    expected, columns
        As of `read_runs`.

    Raises
    ------
    RecordError
        Unless the files have the names of exactly the expected runs; and if one that is asked for
        holds another run.
    """

    def __init__(
        self,
        files: Iterable[str | Path],
        expected: Mapping[str, Iterable[int]],
        columns: Sequence[str],
    ) -> None:
        named = {
            (file.parent.name, int(file.stem.removeprefix("seed_"))): file
            for file in map(Path, files)
        }
        self._files = dict(sorted(named.items()))
        self._columns = columns
        wanted = sorted((variant, seed) for variant in expected for seed in expected[variant])
        if list(self._files) != wanted:
            raise RecordError(f"{len(named)} files are not exactly those of {len(wanted)} runs")

    def __getitem__(self, run: tuple[str, int]) -> pd.DataFrame:
        variant, seed = run
        return read_runs([self._files[run]], {variant: [seed]}, self._columns)[run]

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def collect(
    files: Iterable[str | Path], expected: Mapping[str, Iterable[int]], output: str | Path
) -> None:
    """Put the epochs of many runs into one file, for `read_collected`.

    Parameters
    ----------
    files, expected
        As of `read_runs`.
    output : path
        A sealed Parquet file with the rows of all files, sorted by variant and seed. Its column
        `about` has the provenance of a run, as JSON, in the first row of the run.

    Raises
    ------
    RecordError
        As by `read_runs`.
    """
    tables = {}
    for run, table in _tables(files, expected, None):
        about = [table.schema.metadata[b"descent"], *[None] * (len(table) - 1)]
        tables[run] = table.append_column("about", pa.array(about).cast(pa.string()))
    whole = pa.concat_tables((tables[run] for run in sorted(tables)), promote_options="default")
    write_table(whole.replace_schema_metadata().unify_dictionaries().combine_chunks(), output)


def read_collected(
    file: str | Path, columns: Sequence[str]
) -> tuple[dict[tuple[str, int], pd.DataFrame], dict[tuple[str, int], dict[str, Any]]]:
    """Read some columns of the epochs of many runs, and their provenance.

    Parameters
    ----------
    file : path
        Written by `collect`.
    columns : list of str

    Returns
    -------
    runs, about : dict
        What `read_runs` and `read_all_metadata` would return for the files of the single runs.

    Raises
    ------
    DamagedFileError
        If the file is not what was written.
    """
    table = read_table(file, ["variant", "seed", "about", *columns])
    with naming_damage(file):
        frame = table.to_pandas()
        firsts = frame[frame["about"].notna()]
        keys = list(zip(firsts["variant"].astype(str), map(int, firsts["seed"]), strict=True))
        ends = [*firsts.index[1:], len(frame)]
        about = dict(zip(keys, map(json.loads, firsts["about"]), strict=True))
    values = frame[list(columns)]
    runs = {
        key: values[start:end].reset_index(drop=True)
        for key, start, end in zip(keys, firsts.index, ends, strict=True)
    }
    return runs, about


def read_all_metadata(files: Iterable[str | Path]) -> dict[tuple[str, int], dict[str, Any]]:
    """Read the provenance of many runs.

    Parameters
    ----------
    files : list of path
        One Parquet file per run.

    Returns
    -------
    dict
        Maps (variant, seed), sorted, to what `read_metadata` returns.

    Examples
    --------
    >>> import descent
    >>> from pathlib import Path
    >>> descent.read_all_metadata(Path("results/digits/epochs").rglob("*.parquet")).keys()
    dict_keys([('sgd_scratch', 0), ('sgd_scratch', 1)])
    """
    found = {}
    for file in files:
        metadata = read_metadata(file)
        found[metadata["configuration"]["variant"], metadata["seed"]] = metadata
    return dict(sorted(found.items()))


def divergences(files: Iterable[str | Path]) -> dict[tuple[str, int], int]:
    """Map each diverged run, (variant, seed), sorted, to the iteration at which it diverged.

    Parameters
    ----------
    files : list of path
        One Parquet file per run.

    Returns
    -------
    dict
        Without the runs that are complete.

    Examples
    --------
    >>> import descent
    >>> from pathlib import Path
    >>> descent.divergences(Path("results/digits/epochs").rglob("*.parquet"))
    {}
    """
    return diverged(read_all_metadata(files))


def diverged(about: Mapping[tuple[str, int], Mapping[str, Any]]) -> dict[tuple[str, int], int]:
    """Do the same as `divergences`, of what `read_all_metadata` or `read_collected` returned."""
    return {
        run: metadata["diverged_at_iteration"]
        for run, metadata in about.items()
        if metadata["status"] == "diverged"
    }
