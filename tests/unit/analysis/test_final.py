"""The last row of every run."""

import numpy as np
import pandas as pd

from descent.analysis.final import final_rows


def test_a_run_that_diverged_has_no_final_values():
    runs = {
        ("a", 0): pd.DataFrame({"test_loss": [2.3, 0.5], "test_accuracy": [0.1, 0.9]}),
        ("a", 3): pd.DataFrame({"test_loss": [2.3], "test_accuracy": [0.2]}),
    }
    table = final_rows(runs, {("a", 3): 12})
    assert list(table) == ["variant", "seed", "test_loss", "test_accuracy"]
    assert table[["variant", "seed"]].values.tolist() == [["a", 0], ["a", 3]]
    np.testing.assert_array_equal(table["test_accuracy"], [0.9, np.nan])
    np.testing.assert_array_equal(table["test_loss"], [0.5, np.nan])
    assert final_rows(runs, [])["test_accuracy"].tolist() == [0.9, 0.2]
