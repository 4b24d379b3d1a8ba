"""What one run records while it trains, and where it diverges."""

from dataclasses import dataclass, field

import numpy as np


def _no_iterations():
    return np.empty(0, np.float32)


@dataclass
class Run:
    """What one seed of one variant recorded.

    A run diverges when the loss of a mini-batch, or the test or validation loss after an epoch, is
    NaN or infinite. Its iterations end with the one of that loss, or with the last before that
    epoch's end; its epochs end with the last whose losses are all finite.

    Attributes
    ----------
    seed : int
    train_loss, train_accuracy : numpy.ndarray
        (iterations,), float32: mean cross-entropy in nats and accuracy of each mini-batch, before
        its update.
    test_loss, test_accuracy, train_seconds : list of float
        One for each epoch, the first for the untrained network. The seconds are those of training,
        without evaluation, divided by the number of seeds that trained together.
    validation_loss, validation_accuracy : list of float
        The same for the validation images; None for each epoch if there are none.
    parameters : dict
        Maps W0, b0, ... to the final tensors, (outputs, inputs) and (outputs,); those of a diverged
        run are from the end of the epoch in which it diverged.
    iterations_per_epoch : int
    diverged_at_iteration : int or None
        Counted from 1; None unless the run has diverged.
    forward_pass : dict
        Of the untrained network: the number of test `images`, and the median `seconds` it took.
    """

    seed: int
    train_loss: np.ndarray = field(default_factory=_no_iterations)
    train_accuracy: np.ndarray = field(default_factory=_no_iterations)
    test_loss: list = field(default_factory=list)
    test_accuracy: list = field(default_factory=list)
    train_seconds: list = field(default_factory=list)
    validation_loss: list = field(default_factory=list)
    validation_accuracy: list = field(default_factory=list)
    parameters: dict = None
    iterations_per_epoch: int = None
    diverged_at_iteration: int | None = None
    forward_pass: dict = None

    def record_epoch(
        self,
        train_loss,
        train_accuracy,
        test_loss,
        test_accuracy,
        train_seconds,
        validation_loss=None,
        validation_accuracy=None,
    ):
        """Append an epoch, up to the iteration at which the run diverges if it does.

        Parameters
        ----------
        train_loss, train_accuracy : numpy.ndarray
            (iterations of the epoch,), float32; empty for the untrained network.
        test_loss, test_accuracy, train_seconds : float
        validation_loss, validation_accuracy : float or None
            None if there are no validation images.
        """
        not_finite = np.flatnonzero(~np.isfinite(train_loss))
        end = not_finite[0] + 1 if len(not_finite) else len(train_loss)
        self.train_loss = np.append(self.train_loss, train_loss[:end])
        self.train_accuracy = np.append(self.train_accuracy, train_accuracy[:end])
        losses = [test_loss] if validation_loss is None else [test_loss, validation_loss]
        if len(not_finite) or not np.isfinite(losses).all():
            self.diverged_at_iteration = len(self.train_loss)
            return
        self.test_loss.append(test_loss)
        self.test_accuracy.append(test_accuracy)
        self.train_seconds.append(train_seconds)
        self.validation_loss.append(validation_loss)
        self.validation_accuracy.append(validation_accuracy)

    @property
    def diverged(self):
        """Whether the run has diverged."""
        return self.diverged_at_iteration is not None

    def status(self):
        """Say `completed`, or `diverged` and at which iteration, as the metadata do."""
        if self.diverged:
            return {"status": "diverged", "diverged_at_iteration": self.diverged_at_iteration}
        return {"status": "completed"}
