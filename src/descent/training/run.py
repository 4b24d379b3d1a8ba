"""What one run records during training, and where it diverges."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Run:
    """The record of one seed of one variant.

    A run diverges when the loss of a mini-batch, or the test or validation loss after an epoch, is
    NaN or infinite. Its iterations then end with that mini-batch, or with the last one of that
    epoch; its epochs end with the last one whose losses are all finite.

    Attributes
    ----------
    seed : int
    iterations : dict
        Maps each column of `descent.training.epoch.OF_IMAGES` to an array (iterations,), float32:
        its mean over each mini-batch, before the update.
    test_loss, test_accuracy, train_seconds : list of float
        One per epoch, the first for the untrained network. The seconds are training time, without
        evaluation, divided by the number of seeds that trained together.
    validation_loss, validation_accuracy : list of float
        The same for the validation images; None for each epoch if there are none.
    parameters : dict
        Maps W0, b0, ... to the final tensors, (outputs, inputs) and (outputs,); for a diverged run,
        those at the end of the epoch in which it diverged.
    iterations_per_epoch : int
    diverged_at_iteration : int or None
        Counted from 1; None unless the run has diverged.
    forward_pass : dict
        Timing of the untrained network: the number of test `images` and the median `seconds`.
    device : str
        What it was trained on, `cpu` or `cuda`.
    """

    seed: int
    iterations: dict = field(default_factory=dict)
    test_loss: list = field(default_factory=list)
    test_accuracy: list = field(default_factory=list)
    train_seconds: list = field(default_factory=list)
    validation_loss: list = field(default_factory=list)
    validation_accuracy: list = field(default_factory=list)
    parameters: dict = field(default_factory=dict)
    iterations_per_epoch: int = 0
    diverged_at_iteration: int | None = None
    forward_pass: dict = field(default_factory=dict)
    device: str = "cpu"

    def record_epoch(
        self,
        iterations,
        test_loss,
        test_accuracy,
        train_seconds,
        validation_loss=None,
        validation_accuracy=None,
    ):
        """Append an epoch, up to the iteration at which the run diverges, if it does.

        Parameters
        ----------
        iterations : dict
            Like the attribute, for the iterations of this epoch; none for the untrained network.
        test_loss, test_accuracy, train_seconds : float
        validation_loss, validation_accuracy : float or None
            None if there are no validation images.
        """
        not_finite = np.flatnonzero(~np.isfinite(iterations["train_loss"]))
        end = not_finite[0] + 1 if len(not_finite) else None
        for column, values in iterations.items():
            before = self.iterations.get(column, values[:0])
            self.iterations[column] = np.append(before, values[:end])
        losses = [test_loss] if validation_loss is None else [test_loss, validation_loss]
        if len(not_finite) or not np.isfinite(losses).all():
            self.diverged_at_iteration = self.n_iterations
            return
        self.test_loss.append(test_loss)
        self.test_accuracy.append(test_accuracy)
        self.train_seconds.append(train_seconds)
        self.validation_loss.append(validation_loss)
        self.validation_accuracy.append(validation_accuracy)

    @property
    def n_iterations(self):
        """How many iterations have been recorded."""
        return len(self.iterations["train_loss"])

    @property
    def diverged(self):
        """Whether the run has diverged."""
        return self.diverged_at_iteration is not None

    def status(self):
        """Return `completed`, or `diverged` and at which iteration, as stored in the metadata."""
        if self.diverged:
            return {"status": "diverged", "diverged_at_iteration": self.diverged_at_iteration}
        return {"status": "completed"}
