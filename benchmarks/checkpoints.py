"""Measure what checkpoints cost in training when every epoch is saved."""

import argparse
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml
from tabulate import tabulate

from descent.data.prepared import load_prepared
from descent.provenance import provenance
from descent.training import checkpoint, loop
from descent.training.settings import TrainingSettings
from engines import prepared_file
from publish import publish

VARIANTS = {
    "sgd_momentum": {"optimizer": "scratch.sgd_momentum", "lr": 0.01, "momentum": 0.9},
    "adam": {"optimizer": "scratch.adam", "lr": 0.001},
}
CONFIG = yaml.safe_load((Path(__file__).parents[1] / "config" / "config.yaml").read_text())
EPOCHS = 8


class TimedCheckpoint(checkpoint.Checkpoint):
    """A checkpoint that saves every epoch and records how long that takes."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.seconds = []

    def save(self, gather):
        """Save, even where training would skip an epoch."""
        self._not_before = 0.0
        start = time.perf_counter()
        super().save(gather)
        self.seconds.append(time.perf_counter() - start)


def measure(data, name, settings, seeds):
    """Train some seeds together; return a row."""
    made = []

    def make(*arguments):
        made.append(TimedCheckpoint(*arguments))
        return made[-1]

    loop.Checkpoint = make
    with tempfile.TemporaryDirectory() as folder:
        runs = loop.train(
            data,
            name,
            settings,
            seeds,
            training=TrainingSettings.from_config(CONFIG),
            epochs=EPOCHS,
            evaluation_batch_size=CONFIG["evaluation"]["batch_size"],
            checkpoint_folder=folder,
            identity={},
        )
        megabytes = sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6
    trained = sum(sum(run.train_seconds) for run in runs)
    saved = sum(sum(one.seconds) for one in made)
    return {
        "variant": name,
        "seeds": len(seeds),
        "epochs": EPOCHS,
        "file (MB)": megabytes,
        "training (s)": trained,
        "checkpoints (s)": saved,
        "share (%)": 100 * saved / trained,
    }


def main():
    """Measure and write checkpoints.json and checkpoints.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="of the data set, with its prepared tensors")
    data = load_prepared(prepared_file(parser.parse_args().folder))
    rows = [measure(data, name, settings, list(range(5))) for name, settings in VARIANTS.items()]
    about = provenance()
    table = tabulate(pd.DataFrame(rows), "keys", "github", showindex=False, floatfmt=".2f")
    text = (
        f"A checkpoint after every epoch:\n\n{table}\n\n{about['cpu']}; torch {about['torch']}.\n"
    )
    publish("checkpoints", {"about": about, "checkpoints": rows}, text)


if __name__ == "__main__":
    main()
