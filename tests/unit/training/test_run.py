"""What a run records, and when it counts as diverged."""

import numpy as np

from descent.training.run import Run


def test_a_validation_loss_that_is_not_finite_is_divergence():
    record = Run(0, iterations_per_epoch=1)
    record.record_epoch({"train_loss": np.float32([1])}, 1.0, 0.5, 0.0, float("nan"), 0.5)
    assert record.diverged
