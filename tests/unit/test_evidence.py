import io

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from descent.evidence import final_accuracy
from descent.tables import write_final_accuracy


def runs(accuracies):
    return {
        ("v", seed): pd.DataFrame({"test_accuracy": [0.1, value], "test_loss": [2.3, 1 - value]})
        for seed, value in enumerate(accuracies)
    }


def test_table_summarises_the_last_epoch():
    values = np.array([0.91, 0.95, 0.93, 0.97])
    [row] = final_accuracy(runs(values), confidence_level=0.9).to_dict("records")
    interval = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert row == pytest.approx(
        {
            "variant": "v",
            "n": 4,
            "mean": 0.94,
            "sd": np.std(values, ddof=1),
            "ci_lower": interval.low,
            "ci_upper": interval.high,
            "min": 0.91,
            "max": 0.97,
            "test_loss": 0.06,
        }
    )


def test_one_seed_has_no_interval():
    [row] = final_accuracy(runs([0.9]), confidence_level=0.95).to_dict("records")
    assert row["mean"] == 0.9
    assert np.isnan([row["sd"], row["ci_lower"], row["ci_upper"]]).all()


def test_formats_agree(tmp_path):
    table = final_accuracy(runs([0.91, 0.95]), confidence_level=0.95)
    files = {kind: tmp_path / kind for kind in ("csv", "markdown", "latex")}
    write_final_accuracy(table, **files, confidence_level=0.95)
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(files["csv"].read_text())), table)
    for kind in ("markdown", "latex"):
        text = files[kind].read_text()
        assert "93.00" in text and "0.0700" in text and "95" in text
    assert r"95 \% interval" in files["latex"].read_text()
    heading, _, row = files["markdown"].read_text().splitlines()[2:]
    cells = ([cell.strip() for cell in line.split("|")] for line in (heading, row))
    shown = dict(zip(*cells, strict=True))
    assert (shown["min"], shown["max"], shown["seeds"]) == ("91.00", "95.00", "2")
