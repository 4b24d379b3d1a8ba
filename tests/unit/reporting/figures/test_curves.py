"""The overlay plots, judged by what is in their files."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader

from descent.analysis.curves import curves
from descent.reporting.figures import curves as curves_figure
from descent.reporting.figures.curves import overlay
from drawn import MANY, assert_distinct, assert_room, bands, crosses, lines, names, texts

N = 40


def make_runs(variants, n_seeds, diverged, length):
    """Curves that fall to 0.5 nats; `diverged` maps runs to the iteration at which they end."""
    random = np.random.default_rng(0)
    runs = {}
    for variant in variants:
        for seed in range(n_seeds):
            loss = 0.5 + (1 + 0.1 * random.random()) / np.arange(1, length + 1)
            frame = pd.DataFrame({"train_loss": loss, "train_accuracy": np.exp(-loss)})
            if end := diverged.get((variant, seed)):
                frame.loc[max(end - 4, 0) : end - 2, "train_loss"] = 1e30
                frame.loc[end - 1 :, "train_loss"] = np.nan
                frame = frame[:end]
            runs[variant, seed] = frame
    return runs


def draw(
    folder,
    n_seeds=5,
    metric="train_loss",
    variants=("first", "second"),
    band="t",
    diverged=None,
    widen=1,
    kind="svg",
    length=N,
):
    diverged = diverged or {}
    table = curves(
        make_runs(variants, n_seeds, diverged, length),
        smoothing_window=20,
        band=band,
        confidence_level=0.9,
    )
    table = table.assign(lower=table["lower"] / widen, upper=table["upper"] * widen)
    n_diverged = np.array([sum(name == variant for name, _ in diverged) for variant in variants])
    accuracies = pd.DataFrame(
        {
            "variant": variants,
            "n": n_seeds,
            "mean": np.linspace(0.91, 0.95, len(variants)),
            "sd": 0.0123 if n_seeds > 1 else np.nan,
        }
    )
    accuracies.loc[n_diverged == n_seeds, ["mean", "sd"]] = np.nan
    file = folder / f"figure.{kind}"
    overlay(
        table[table["metric"] == metric],
        accuracies,
        list(variants),
        metric,
        [str(file)],
        band=band,
        confidence_level=0.9,
        smoothing_window=20,
        batch_size=128,
        experiment="digits, epochs: 2",
    )
    return file


def test_two_curves_with_visible_bands_and_the_final_accuracies(tmp_path):
    svg = draw(tmp_path)
    assert len(bands(svg)) >= 2
    found = texts(svg)
    for text in (
        "first (91.00 ± 1.23 %)",
        "second (95.00 ± 1.23 %)",
        "variant (final test accuracy: mean ± sd)",
        "Train cross-entropy (nats)",
        "Iteration (mini-batches of 128 images)",
    ):
        assert text in found
    assert lines(svg, 0.9) == 2 and not lines(svg, 0.4) and not crosses(svg)


@pytest.mark.parametrize(
    ("band", "words"),
    [
        ("t", "90 % t band (pointwise)"),
        ("bootstrap", "90 % bootstrap band (pointwise)"),
        ("simultaneous", "90 % band (simultaneous)"),
        ("sd", "band: mean ∓ 1 sd"),
        ("minmax", "band: minimum to maximum"),
    ],
)
def test_the_note_says_what_was_run_and_which_band(tmp_path, band, words):
    found = texts(draw(tmp_path, band=band))
    assert "digits, epochs: 2; moving average over 20 iterations" in found
    assert f"mean of 5 seeds, {words}" in found


def test_one_seed_has_no_band_and_says_so(tmp_path):
    svg = draw(tmp_path, n_seeds=1)
    assert "1 seed, hence no band" in texts(svg)
    assert "first (91.00 %)" in texts(svg)
    assert not bands(svg)


def test_accuracy_is_shown_in_percent(tmp_path):
    found = texts(draw(tmp_path, metric="train_accuracy"))
    assert "Train accuracy (%)" in found and "50" in found


@pytest.mark.parametrize("metric", ["train_loss", "train_accuracy"])
@pytest.mark.parametrize("length", [8, 100])
@pytest.mark.parametrize("n_variants", MANY)
def test_any_number_of_variants_and_any_names(monkeypatch, tmp_path, n_variants, length, metric):
    drawn = []
    monkeypatch.setattr(curves_figure, "save", lambda figure, files: drawn.append(figure))
    variants = names(n_variants, length)
    draw(tmp_path, variants=variants, metric=metric, n_seeds=2)
    [figure] = drawn
    assert_room(figure)
    [axes], [legend] = figure.axes, figure.legends
    found = ["".join(text.get_text().split()) for text in legend.get_texts()]
    assert [text.partition("(")[0] for text in found] == variants
    shown = axes.lines[:n_variants]
    assert_distinct(shown)
    for line, handle in zip(shown, legend.get_lines(), strict=True):
        assert (line.get_color(), line.get_marker()) == (handle.get_color(), handle.get_marker())
    opacity = axes.collections[0].get_alpha()
    assert opacity == 0.3 if n_variants <= 4 else opacity < 0.15
    plt.close(figure)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_every_format_has_long_names(tmp_path, kind):
    file = draw(tmp_path, variants=names(24, 100), kind=kind)
    if kind == "svg":
        assert all(name[-3:] in "".join(texts(file)) for name in names(24, 100))
    assert file.stat().st_size > 10_000


@pytest.mark.parametrize("metric", ["train_loss", "train_accuracy"])
@pytest.mark.parametrize("n_seeds", [1, 3])
def test_one_iteration_is_a_mark_inside_the_axes(monkeypatch, tmp_path, metric, n_seeds):
    drawn = []
    monkeypatch.setattr(curves_figure, "save", lambda figure, files: drawn.append(figure))
    draw(tmp_path, metric=metric, n_seeds=n_seeds, length=1)
    [figure] = drawn
    [axes] = figure.axes
    figure.canvas.draw()
    for line in axes.lines:
        assert line.get_marker() != "None" and line.get_markevery() == 1
        [place] = axes.transAxes.inverted().transform(
            line.get_transform().transform(line.get_xydata())
        )
        assert all(0.01 < share < 0.99 for share in place)
    assert "unsmoothed" in figure.get_supxlabel()
    plt.close(figure)


def test_a_window_longer_than_the_run_is_not_claimed(tmp_path):
    assert "moving average over 12 iterations" in " ".join(texts(draw(tmp_path, length=12)))


@pytest.mark.parametrize("metric", ["train_loss", "train_accuracy"])
def test_where_every_run_diverges_there_is_no_block_but_a_sentence(tmp_path, metric):
    """Smoothed, the losses before the end, up to 1e30 nats, raise the curves from the start on."""
    ends = {(variant, seed): 15 + seed for variant in ("first", "second") for seed in range(5)}
    svg = draw(tmp_path, metric=metric, diverged=ends)
    assert not bands(svg) and len(crosses(svg)) == 10
    assert "mean of 5 seeds; every run diverged, hence no band" in texts(svg)
    assert lines(svg, 0.9) == 2


def test_a_line_beyond_the_axis_has_no_band(tmp_path):
    """All runs of one variant diverge: its band would cover the other's curve."""
    svg = draw(tmp_path, diverged={("first", seed): 6 + seed for seed in range(5)})
    assert len(bands(svg)) == 1


@pytest.mark.parametrize("metric", ["train_loss", "train_accuracy"])
def test_divergence_is_marked_counted_and_leaves_the_other_seeds(tmp_path, metric):
    svg = draw(tmp_path, metric=metric, diverged={("first", 1): 15, ("first", 3): 30})
    found = texts(svg)
    assert "first (91.00 ± 1.23 %; 2 of 5 diverged)" in found
    assert "second (95.00 ± 1.23 %)" in found
    assert "variant (final test accuracy of completed runs: mean ± sd)" in found
    assert "cross: a run diverged; thin lines: the variant's seeds from there on" in found
    assert len(crosses(svg)) == 2
    # the thin line of seed 1 is a point at 1e29 nats, outside the axes
    assert lines(svg, 0.9) == 2 and lines(svg, 0.4) == (4 if metric == "train_loss" else 5)
    height = float(re.search(r'height="([0-9.]+)pt"', svg.read_text())[1])
    assert all(0 < y < height for _, y in crosses(svg))


def test_what_a_run_reaches_before_it_diverges_leaves_the_others_room(tmp_path):
    # the run reaches 1e30 nats; an axis that showed it would have no tick at 0.5 or at 2
    found = texts(draw(tmp_path, diverged={("first", 1): 15}))
    assert {"0.5", "2", "20"} <= set(found)


def test_a_wide_band_leaves_the_lines_room(tmp_path):
    # losses are between 0.5 and 2 nats
    found = set(texts(draw(tmp_path, widen=1e4)))
    assert "0.5" in found and not found & {"0.01", "100"}


@pytest.mark.parametrize("metric", ["train_loss", "train_accuracy"])
@pytest.mark.parametrize("diverged", [("first",), ("first", "second")])
def test_all_seeds_diverge_at_once(tmp_path, metric, diverged):
    ends = {(variant, seed): 1 for variant in diverged for seed in range(5)}
    svg = draw(tmp_path, metric=metric, diverged=ends)
    found = texts(svg)
    assert "first (5 of 5 diverged)" in found
    assert len(crosses(svg)) == 5 * len(diverged)
    assert ("No curve: every run diverged" in found) == (len(diverged) == 2)


def draw_epochs(monkeypatch, n_epochs=3, metric="test_accuracy", n_seeds=3, lost=0):
    """Overlay two variants over epochs; return the table that is drawn, and the figure.

    The last seeds of `first` diverge in their first epoch, as many as are `lost`.
    """
    runs = {
        (variant, seed): pd.DataFrame({"test_loss": 3 - share, "test_accuracy": share})
        for variant, worst in (("first", 0.1), ("second", 0.3))
        for seed in range(n_seeds)
        for share in [np.linspace(worst, 0.5 + worst + 0.02 * seed, n_epochs + 1)]
    }
    for seed in range(n_seeds - lost, n_seeds):
        runs["first", seed] = runs["first", seed][:1]
    look = {"band": "t", "confidence_level": 0.9}
    table = curves(runs, smoothing_window=1, **look, over="epoch", length=n_epochs + 1)
    table = table[table["metric"] == metric]
    drawn = []
    monkeypatch.setattr(curves_figure, "save", lambda figure, files: drawn.append(figure))
    accuracies = pd.DataFrame({"variant": ["first", "second"], "mean": [0.6, 0.8], "sd": 0.01})
    overlay(table, accuracies, ["first", "second"], metric, [], **look, experiment="digits")
    [figure] = drawn
    plt.close(figure)
    return table, figure


@pytest.mark.parametrize(("metric", "scale"), [("test_accuracy", 100), ("test_loss", 1)])
def test_over_epochs_each_variant_has_its_own_means_and_band(monkeypatch, metric, scale):
    table, figure = draw_epochs(monkeypatch, metric=metric)
    [axes] = figure.axes
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "first (60.00 ± 1.00 %)",
        "second (80.00 ± 1.00 %)",
    ]
    colors = [line.get_color() for line in figure.legends[0].get_lines()]
    for variant, color, line, band in zip(
        ("first", "second"), colors, axes.lines, axes.collections, strict=True
    ):
        means = table[table["variant"] == variant]
        assert line.get_color() == color
        assert tuple(band.get_facecolor()[0][:3]) == color
        assert line.get_xdata().tolist() == [0, 1, 2, 3]
        np.testing.assert_allclose(line.get_ydata(), scale * means["mean"])
        corners = {(x, round(y, 6)) for x, y in band.get_paths()[0].vertices}
        for bound in ("lower", "upper"):
            assert corners >= {
                (row.epoch, round(scale * getattr(row, bound), 6)) for row in means.itertuples()
            }
    assert axes.get_xlabel() == "Epoch"
    assert "digits; unsmoothed" in figure.get_supxlabel()
    assert "mean of 3 seeds, 90 % t band (pointwise)" in figure.get_supxlabel()


@pytest.mark.parametrize(("n_epochs", "marked"), [(1, True), (30, True), (31, False)])
def test_few_epochs_have_markers_which_are_whole(monkeypatch, n_epochs, marked):
    _, figure = draw_epochs(monkeypatch, n_epochs)
    [axes] = figure.axes
    markers = {line.get_marker() for line in axes.lines}
    assert len(markers) == 2 and "None" not in markers if marked else markers == {"None"}
    left, right = axes.get_xlim()
    assert (left < 0 and right > n_epochs) == marked
    figure.canvas.draw()
    shown = [label.get_text() for label in axes.get_xticklabels()]
    assert "0" in shown and all("." not in text for text in shown)


def test_one_seed_has_no_band_over_epochs(monkeypatch):
    _, figure = draw_epochs(monkeypatch, n_seeds=1)
    [axes] = figure.axes
    assert "1 seed, hence no band" in figure.get_supxlabel()
    assert all(np.isnan(path.vertices).all() for c in axes.collections for path in c.get_paths())


@pytest.mark.parametrize("metric", ["test_accuracy", "test_loss"])
@pytest.mark.parametrize("lost", [1, 3])
def test_a_run_that_diverges_in_the_first_epoch_has_its_cross_there(monkeypatch, metric, lost):
    _, figure = draw_epochs(monkeypatch, metric=metric, lost=lost)
    [axes] = figure.axes
    crosses = [line for line in axes.lines if line.get_marker() == "x"]
    assert [line.get_xdata()[0] for line in crosses] == [1] * lost
    assert {line.get_color() for line in crosses} == {axes.lines[0].get_color()}
    assert axes.lines[0].get_xdata().tolist() == [0]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert f"{lost} of 3 diverged" in labels[0] and "diverged" not in labels[1]
    assert "cross: a run diverged" in figure.get_supxlabel()


def test_a_pdf_embeds_its_fonts_as_truetype_and_has_its_text(tmp_path):
    [page] = PdfReader(draw(tmp_path, kind="pdf")).pages
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        assert font["/Subtype"] == "/Type0"
        [descendant] = (part.get_object() for part in font["/DescendantFonts"])
        assert descendant["/Subtype"] == "/CIDFontType2"  # TrueType
        assert len(descendant["/FontDescriptor"]["/FontFile2"].get_data()) > 1000
    text = page.extract_text()
    assert "first (91.00 ± 1.23 %)" in text and "mean of 5 seeds, 90 % t band" in text


def test_the_same_curves_give_the_same_file(tmp_path):
    for kind in ("svg", "pdf"):
        file = draw(tmp_path, kind=kind)
        first = file.read_bytes()
        assert draw(tmp_path, kind=kind).read_bytes() == first
