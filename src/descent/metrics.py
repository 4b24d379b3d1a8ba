"""The quantities that are recorded of a network: column, name, unit and the scale they are shown at.

Plain values only: the Snakefile imports this module at every start. No result depends on it, so a
new label retrains nothing; `descent.records` is where the columns are defined.
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
        What a recorded value is multiplied by to have that unit: accuracies are recorded in [0, 1].
    """

    column: str
    label: str
    unit: str
    difference_unit: str
    scale: int

    @property
    def heading(self):
        """The label with its unit, as on an axis: `Train cross-entropy (nats)`."""
        return f"{self.label.capitalize()} ({self.unit})"


def _loss(split):
    return Metric(f"{split}_loss", f"{split} cross-entropy", "nats", "nats", 1)


def _accuracy(split):
    return Metric(f"{split}_accuracy", f"{split} accuracy", "%", "percentage points", 100)


#: All metrics by column.
METRICS = {
    metric.column: metric
    for split in ("train", "test", "validation")
    for metric in (_loss(split), _accuracy(split))
}

#: Recorded at every iteration, of its mini-batch.
TRAIN_METRICS = ["train_loss", "train_accuracy"]

#: Recorded after every epoch, of all test images.
TEST_METRICS = ["test_loss", "test_accuracy"]

#: Recorded after every epoch if images were held out, of all validation images.
VALIDATION_METRICS = ["validation_loss", "validation_accuracy"]
