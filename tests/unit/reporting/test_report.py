"""The report page, from small tables."""

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from descent.reporting.report import report
from evidence import PAIR, accuracy, equivalence, parity

CONFIG = {
    "name": "small",
    "dataset": {"name": "mnist"},
    "root_seed": 7,
    "seeds": [0, 1, 2, 3, 4],
    "model": {"hidden": [100, 100]},
    "training": {"epochs": 20, "batch_size": 128, "threads": 1},
    "comparisons": PAIR,
    "curves": {"smoothing_window": 50, "confidence_level": 0.95, "band": "t"},
}
RUN = {
    "git_commit": "abc",
    "git_dirty": False,
    "cpu": "<Fast> & cheap",
    "python": "3.11",
    "torch": "2.15",
    "descent": "0.1.0",
}
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)


def tables():
    return {
        "final_accuracy": accuracy(2, "12, 40").assign(
            sd=0.001, ci_lower=0.89, ci_upper=0.91, min=0.88, max=0.92, test_loss=0.1
        ),
        "equivalence": equivalence().assign(
            reference="theirs",
            n=3,
            n_reference=5,
            design="independent",
            ci95_lower=-0.003,
            ci95_upper=0.002,
            p_equivalence=0.001,
            p_difference=0.7,
        ),
        "parity": parity("equal to rounding", "identical").assign(
            reference="theirs",
            first_seed=[0, np.nan],
            first_run=[1, np.nan],
            first_iteration=[3, np.nan],
            first_tensor=["W0", np.nan],
            different_iteration=np.nan,
        ),
        "targets": pd.DataFrame(
            {
                "variant": ["ours", "theirs"],
                "target": 0.9,
                "n": 5,
                "reached": [0, 5],
                "iterations_median": [np.nan, 938],
                "iterations_min": [np.nan, 469],
                "iterations_max": [np.nan, 1407],
                "seconds_median": [np.nan, 1.25],
                "seconds_per_iteration": 0.0004,
            }
        ),
        "untrained": pd.DataFrame(
            {
                "variant": ["ours"],
                "n": 1,
                "test_loss": 2.305,
                "test_loss_sd": np.nan,
                "test_accuracy": 0.0987,
                "test_accuracy_sd": np.nan,
                "forward_images": 256,
                "forward_seconds": 0.00031,
            }
        ),
    }


def curves(last=0.0953, n_seeds=5):
    frames = [
        pd.DataFrame(
            {
                "variant": variant,
                "metric": metric,
                "iteration": [1, 2, 3],
                "mean": [2.3, last, np.nan],
                "n_seeds": n_seeds,
                "seed": pd.NA,
            }
        )
        for variant in ("ours", "theirs")
        for metric in ("train_loss", "train_accuracy")
    ]
    return pd.concat(frames)


@pytest.fixture
def figures(tmp_path):
    names = ["train_loss_pair", "train_accuracy_pair", "parity_pair", "examples"]
    files = [tmp_path / f"{name}.png" for name in names]
    for file in files:
        file.write_bytes(PIXEL)
    return files


def write(figures, **changes):
    content = {
        "config": CONFIG,
        "tables": tables(),
        "figures": figures,
        "curves": curves(),
        "labels": ["5", "0", "4"],
        "n_classes": 10,
        "provenance": [RUN],
    }
    return report(**(content | changes))


class Outline(HTMLParser):
    """Collect the tags of a page; every tag must be closed in order."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def test_the_page_is_whole_and_needs_nothing_else(figures):
    page = write(figures)
    outline = Outline(page)
    assert outline.all("html") == [{"lang": "en"}]
    assert all(image["src"].startswith("data:image/png;base64,") for image in outline.all("img"))
    assert outline.all("script") == [] and outline.all("link") == []
    assert "://" not in page
    assert {heading["scope"] for heading in outline.all("th")} == {"col", "row"}
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    anchors = {link["href"][1:] for link in outline.all("a") if link["href"].startswith("#")}
    assert anchors <= set(ids) and len(anchors) == 9


def test_images_are_told_in_words_with_their_numbers(figures):
    told = {image["alt"] for image in Outline(write(figures)).all("img")}
    assert (
        "Curves of train cross-entropy (nats) against the iteration: ours goes from 2.3 to 0.0953 "
        "at iteration 2; theirs goes from 2.3 to 0.0953 at iteration 2."
    ) in told
    assert any("ours in float32: at most 3.2e-08 of the tensor's scale" in text for text in told)
    assert "Grayscale images, each below its label; row by row: 5, 0, 4" in told


def test_captions_say_what_was_run(figures):
    page = write(figures)
    assert "20 epochs on mnist in mini-batches of 128 images" in page
    assert "mean of 5 seeds, 95 % t band (pointwise)" in page
    assert "moving average over 50 iterations. ours is scratch.sgd, lr = 0.1; theirs is" in page
    assert "1 seed, hence no band" in write(figures, curves=curves(n_seeds=1))


def test_cells_have_units_and_say_what_is_missing(figures):
    page = write(figures)
    assert "<td>2, at iteration 12, 40</td>" in page
    assert "<td>0 of 5 runs</td><td>-</td><td>-</td>" in page
    assert "<td>5 of 5 runs</td><td>938 (469 to 1407)</td><td>1.25</td><td>0.4</td>" in page
    assert "<td>2.3050</td><td>9.87</td><td>256 images in 0.31 ms</td>" in page
    assert "<td>iteration 3, W0 (seed 0, run 1)</td><td>-</td>" in page
    assert "<td>3 and 5, independent</td>" in page
    assert not re.search(r"\bnan\b", page)


def test_text_is_escaped(figures):
    assert "&lt;Fast&gt; &amp; cheap" in write(figures)


def test_runs_of_several_commits_are_all_named(figures):
    page = write(figures, provenance=[RUN, RUN, {**RUN, "git_commit": "def", "git_dirty": True}])
    assert "<dd>abc; def, with uncommitted changes</dd>" in page
    assert "<dd>unknown</dd>" in write(figures, provenance=[{**RUN, "git_commit": None}])


def test_a_curve_without_a_finite_value(figures):
    page = write(figures, curves=curves().assign(mean=np.nan))
    assert "ours has no finite value" in page
