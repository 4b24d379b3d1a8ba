import re

import numpy as np
import pandas as pd
import pytest

from descent.figures import overlay

N = 40


def draw(folder, n_seeds=5, metric="train_loss", variants=("first", "second")):
    iteration = np.arange(1, N + 1)
    curves = pd.concat(
        pd.DataFrame(
            {
                "variant": variant,
                "iteration": iteration,
                "mean": 0.5 + 1 / (iteration + place),
                "lower": 0.5 + 0.9 / (iteration + place) if n_seeds > 1 else np.nan,
                "upper": 0.5 + 1.1 / (iteration + place) if n_seeds > 1 else np.nan,
                "n_seeds": n_seeds,
            }
        )
        for place, variant in enumerate(variants)
    )
    accuracies = pd.DataFrame(
        {
            "variant": variants,
            "n": n_seeds,
            "mean": np.linspace(0.91, 0.95, len(variants)),
            "sd": 0.0123,
            "min": 0.5,
            "max": 0.99,
        }
    )
    file = folder / "figure.svg"
    overlay(
        curves,
        accuracies,
        list(variants),
        metric,
        [str(file)],
        confidence_level=0.9,
        smoothing_window=20,
        batch_size=128,
    )
    return file.read_text()


def bands(svg):
    """Opacities of the filled areas that are neither the background nor opaque."""
    return [float(opacity) for opacity in re.findall(r"fill-opacity: ([0-9.]+)", svg)]


def test_two_curves_with_visible_bands_and_the_final_accuracies(tmp_path):
    svg = draw(tmp_path)
    assert len([opacity for opacity in bands(svg) if 0.2 <= opacity < 1]) >= 2
    for text in ("first (91.00", "second (95.00", "1.23 %", "cross-entropy (nats)"):
        assert text in svg
    assert "mean of 5 seeds, 90 % t band (pointwise); moving average of 20 iterations" in svg


def test_one_seed_has_no_band_and_says_so(tmp_path):
    svg = draw(tmp_path, n_seeds=1)
    assert "1 seed, hence no band" in svg
    assert "first (91.00 %)" in svg
    assert not [opacity for opacity in bands(svg) if opacity < 0.5]


def test_accuracy_is_shown_in_percent(tmp_path):
    svg = draw(tmp_path, metric="train_accuracy")
    assert "Train accuracy (%)" in svg and ">80<" in svg


@pytest.mark.parametrize("n_variants", [1, 6])
def test_any_number_of_variants(tmp_path, n_variants):
    names = [f"a_variant_with_a_long_name_{number}" for number in range(n_variants)]
    svg = draw(tmp_path, variants=names)
    assert all(name in svg for name in names)


def test_the_same_curves_give_the_same_file(tmp_path):
    assert draw(tmp_path) == draw(tmp_path)
