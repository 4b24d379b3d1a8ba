"""Adding a metric takes two files, as docs/architecture.md says; the workflow does the rest."""

import pandas as pd
import pytest


@pytest.mark.slow
def test_a_new_metric_is_recorded_and_drawn(prepared):
    epoch = prepared.folder / "src/descent/training/epoch.py"
    metrics = prepared.folder / "src/descent/metrics.py"
    code = "lambda logits, labels: logits.softmax(1).amax(1)"
    for file, old, new in (
        (epoch, '"train_accuracy": _is_correct', f'"train_confidence": {code}'),
        (
            metrics,
            'Metric("train_accuracy", "train accuracy"',
            'Metric("train_confidence", "train confidence"',
        ),
    ):
        text = file.read_text()
        assert old in text
        addition = f"{old}, {new}" if file == epoch else f"{old}, *_ACCURACY),\n        {new}"
        file.write_text(text.replace(old, addition))
    prepared.run()
    runs = pd.read_parquet(prepared.results / "iterations")
    assert runs["train_confidence"].between(0.25, 1).all()  # four classes
    assert set(pd.read_parquet(prepared.results / "curves.parquet")["metric"]) == {
        "train_loss",
        "train_accuracy",
        "train_confidence",
    }
    assert (prepared.results / "figures" / "train_confidence_pair.svg").exists()
    assert "Curves of train confidence (%)" in (prepared.results / "report.html").read_text()
    assert "Train confidence (%)" in (prepared.results / "interactive.html").read_text()
