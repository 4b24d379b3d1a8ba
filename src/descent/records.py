"""The files of a run: the only place that defines their columns.

Parquet keeps a run's provenance in its key-value metadata, as one JSON text under `descent`.

pandas is imported where something is read or written (pyarrow imports it then), not before: a job
that trains does without its 60 MB until then. torch is imported only where weights are written.
"""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from descent.errors import RecordError
from descent.files import replacing
from descent.optimizers.spec import rule_provenance
from descent.provenance import provenance
from descent.training.seeding import PURPOSES, stream_seed, stream_variant

_NAME = pa.dictionary(pa.int32(), pa.string())

#: One row for each iteration; losses in nats, accuracies in [0, 1], both of the mini-batch.
ITERATIONS = pa.schema(
    [
        ("variant", _NAME),
        ("seed", pa.int32()),
        ("iteration", pa.int32()),
        ("epoch", pa.int16()),
        ("train_loss", pa.float32()),
        ("train_accuracy", pa.float32()),
    ]
)

#: One row for each epoch, epoch 0 being the untrained network; `iteration` is its last one. The
#: validation columns are empty unless images were held out.
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


def write_run(run, configuration, iterations, epochs, weights):
    """Write the files of a run, each beside and then renamed.

    Parameters
    ----------
    run : descent.training.run.Run
    configuration : dict
        What the run depends on: `variant`, its `settings`, and the fields of
        `descent.training.settings.TrainingSettings`; kept as metadata with the provenance.
    iterations, epochs, weights : path
        Two parquet files, with the columns `ITERATIONS` and `EPOCHS`, and a safetensors file.
    """
    variant, root_seed = configuration["variant"], configuration["root_seed"]
    named = stream_variant(variant, configuration["seeding"])
    metadata = {
        "configuration": configuration,
        "seed": run.seed,
        "streams": {
            purpose: stream_seed(root_seed, purpose, named, run.seed) for purpose in PURPOSES
        },
        **provenance(),
        **rule_provenance(configuration["settings"]["optimizer"]),
        **run.status(),
    }
    from safetensors.torch import save_file

    with replacing(weights) as part:
        save_file(run.parameters, part)
    # Only the epochs have times: the iterations are the same bytes whenever they are trained.
    write_epochs(epochs, variant, run, metadata | {"forward_pass": run.forward_pass})
    write_iterations(iterations, variant, run, metadata)


def write_iterations(file, variant, run, metadata):
    """Write the iterations of a `descent.training.run.Run`; a diverged one has fewer."""
    n_iterations = len(run.train_loss)
    iteration = np.arange(1, n_iterations + 1)
    _write(
        file,
        ITERATIONS,
        {
            "variant": [variant] * n_iterations,
            "seed": np.full(n_iterations, run.seed),
            "iteration": iteration,
            "epoch": (iteration - 1) // run.iterations_per_epoch + 1,
            "train_loss": run.train_loss,
            "train_accuracy": run.train_accuracy,
        },
        metadata,
    )


def write_epochs(file, variant, run, metadata):
    """Write the epochs of a `descent.training.run.Run`; a diverged one has fewer."""
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


def _write(file, schema, columns, metadata):
    table = pa.table(
        {field.name: pa.array(columns[field.name]).cast(field.type) for field in schema}
    )
    # pyarrow cannot cast to a dictionary type that it did not make, hence the schema is set last
    table = table.cast(schema.with_metadata({"descent": json.dumps(metadata, sort_keys=True)}))
    with replacing(file) as part:
        pq.write_table(table, part, compression="zstd")


def read_metadata(file):
    """Read the provenance that a parquet file of a run carries, as a dict."""
    return json.loads(pq.read_schema(file).metadata[b"descent"])


def read_runs(files, expected, columns):
    """Read some columns of the parquet files of many runs.

    Parameters
    ----------
    files : list of path
        One for each run.
    expected : dict
        Maps each variant to the list of its seeds.
    columns : list of str

    Returns
    -------
    dict
        Maps (variant, seed), sorted, to a pandas.DataFrame of the columns.

    Raises
    ------
    RecordError
        Unless the files hold exactly the expected runs.
    """
    runs, wanted = {}, {(variant, seed) for variant in expected for seed in expected[variant]}
    for file in files:
        frame = pq.read_table(file, columns=["variant", "seed", *columns]).to_pandas()
        run = frame["variant"].iloc[0], int(frame["seed"].iloc[0])
        if run not in wanted or run in runs:
            raise RecordError(f"{file}: the run {run} is not configured, or is there twice")
        runs[run] = frame[columns]
    if missing := sorted(wanted - runs.keys()):
        raise RecordError(f"no file has the configured run {missing[0]} ({len(missing)} missing)")
    return dict(sorted(runs.items()))


def read_all_metadata(files):
    """Read the provenance of many runs.

    Parameters
    ----------
    files : list of path
        A parquet file of each run.

    Returns
    -------
    dict
        Maps (variant, seed), sorted, to what `read_metadata` returns.
    """
    found = {}
    for file in files:
        metadata = read_metadata(file)
        found[metadata["configuration"]["variant"], metadata["seed"]] = metadata
    return dict(sorted(found.items()))


def divergences(files):
    """Map each run that diverged, (variant, seed), sorted, to the iteration at which it did.

    `files` are as in `read_all_metadata`.
    """
    return {
        run: metadata["diverged_at_iteration"]
        for run, metadata in read_all_metadata(files).items()
        if metadata["status"] == "diverged"
    }
