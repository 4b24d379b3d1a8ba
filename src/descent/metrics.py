"""How the recorded metrics are shown: name, unit and scale.

Training does not import this module, so a new label retrains nothing. The Snakefile imports it at
every start, so it must stay light.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """How a recorded quantity is shown.

    Attributes
    ----------
    column : str
        Its name in the tables, such as `train_loss`.
    label : str
        Its name in a sentence, such as `train cross-entropy`.
    unit : str
        Of a value: `nats` or `%`.
    difference_unit : str
        Of the difference of two values: `nats` or `percentage points`.
    scale : int
        Factor from the recorded value to that unit; accuracies are recorded in [0, 1].
    """

    column: str
    label: str
    unit: str
    difference_unit: str
    scale: int

    @property
    def is_share(self) -> bool:
        """Whether it is recorded in [0, 1] and shown in percent."""
        return self.unit == "%"

    @property
    def better(self) -> int:
        """The sign of an improvement: 1 if higher values are better, -1 if lower ones are."""
        return 1 if self.is_share else -1

    @property
    def decimals(self) -> int:
        """How many are shown in tables and sentences, after scaling."""
        return 2 if self.is_share else 4

    @property
    def heading(self) -> str:
        """The label with its unit, as on an axis: `Train cross-entropy (nats)`."""
        return f"{self.label.capitalize()} ({self.unit})"


_LOSS = "nats", "nats", 1
_ACCURACY = "%", "percentage points", 100

#: All metrics by column. Those that begin with `train_` are recorded at every iteration, see
#: `descent.training.epoch.OF_IMAGES`, and each has its figure; the others after every epoch.
METRICS = {
    metric.column: metric
    for metric in (
        Metric("train_loss", "train cross-entropy", *_LOSS),
        Metric("train_accuracy", "train accuracy", *_ACCURACY),
        Metric("test_loss", "test cross-entropy", *_LOSS),
        Metric("test_accuracy", "test accuracy", *_ACCURACY),
        Metric("validation_loss", "validation cross-entropy", *_LOSS),
        Metric("validation_accuracy", "validation accuracy", *_ACCURACY),
    )
}
TRAIN_METRICS = [column for column in METRICS if column.startswith("train_")]
VALIDATION_METRICS = [column for column in METRICS if column.startswith("validation_")]
