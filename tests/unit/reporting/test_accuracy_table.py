"""The table of final accuracies, as files for people to read."""

import io

import pandas as pd

from descent.analysis.summaries import final_accuracy
from descent.reporting.accuracy_table import write_final_accuracy


def runs(accuracies):
    return {
        ("v", seed): pd.DataFrame({"test_accuracy": [0.1, value], "test_loss": [2.3, 1 - value]})
        for seed, value in enumerate(accuracies)
    }


def test_formats_agree(tmp_path):
    table = final_accuracy(runs([0.91, 0.95]), {}, confidence_level=0.95)
    files = {kind: tmp_path / kind for kind in ("csv", "markdown", "latex")}
    write_final_accuracy(table, ["v", "w"], **files, confidence_level=0.95)
    text = io.StringIO(files["csv"].read_text())
    read = pd.read_csv(text, dtype={"diverged_at": str}, na_filter=False)
    pd.testing.assert_frame_equal(read, table)
    for kind in ("markdown", "latex"):
        text = files[kind].read_text()
        assert "93.00" in text and "0.0700" in text and "95" in text
    assert r"95 \% interval" in files["latex"].read_text()
    heading, _, row = files["markdown"].read_text().splitlines()[2:]
    cells = ([cell.strip() for cell in line.split("|")] for line in (heading, row))
    shown = dict(zip(*cells, strict=True))
    assert (shown["min"], shown["max"], shown["seeds"]) == ("91.00", "95.00", "2")
    assert shown["divergence"] == "none"


def test_diverged_runs_are_counted_and_enter_no_statistic(tmp_path):
    """A diverged run has last values, those before it diverged, which are not final ones."""
    accuracies, diverged = [0.91, 0.2, 0.95, 0.93, 0.3], {("v", 1): 40, ("v", 4): 12}
    table = final_accuracy(runs(accuracies), diverged, confidence_level=0.95)
    [row] = table.to_dict("records")
    [without] = final_accuracy(runs([0.91, 0.95, 0.93]), {}, confidence_level=0.95).to_dict(
        "records"
    )
    assert list(table)[:5] == ["variant", "n", "diverged", "diverged_at", "mean"]
    assert row == without | {"n": 5, "diverged": 2, "diverged_at": "12, 40"}
    files = {kind: tmp_path / kind for kind in ("csv", "markdown", "latex")}
    write_final_accuracy(table, ["v", "w"], **files, confidence_level=0.95)
    for kind in ("markdown", "latex"):
        assert "2 of 5 diverged at iteration 12, 40" in files[kind].read_text()


def test_where_all_diverged_no_statistic_is_left(tmp_path):
    both = runs([0.2, 0.3]) | {("w", 0): runs([0.9])["v", 0]}
    table = final_accuracy(both, {("v", 0): 3, ("v", 1): 3}, confidence_level=0.95)
    assert table["diverged"].tolist() == [2, 0] and table["mean"].tolist()[1] == 0.9
    assert table.iloc[0, 4:].isna().all()
    files = {kind: tmp_path / kind for kind in ("csv", "markdown", "latex")}
    write_final_accuracy(table, ["v", "w"], **files, confidence_level=0.95)
    row = files["markdown"].read_text().splitlines()[4]
    assert [cell.strip() for cell in row.split("|")[4:-1]] == ["-"] * 7
    assert "nan" not in files["markdown"].read_text() + files["latex"].read_text()


def test_rows_are_in_the_order_of_the_configuration(tmp_path):
    found = {(name, 0): runs([0.9])["v", 0] for name in ("a", "b", "c", "d")}
    table = final_accuracy(found, {}, confidence_level=0.95)
    files = {kind: tmp_path / kind for kind in ("csv", "markdown", "latex")}
    write_final_accuracy(table, ["d", "a", "c", "b"], **files, confidence_level=0.95)
    assert pd.read_csv(files["csv"])["variant"].tolist() == ["d", "a", "c", "b"]
    rows = files["markdown"].read_text().splitlines()[4:]
    assert [row.split("|")[1].strip() for row in rows] == ["d", "a", "c", "b"]
