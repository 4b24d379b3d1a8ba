"""The interactive curves: what the page has to draw, and how large it is."""

import base64

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from descent.analysis.curves import curves, smooth
from descent.reporting import interactive
from descent.reporting.figures.style import looks

COMPARISONS = {"one": ["d", "b"], "two": ["c", "a"]}
SETTINGS = {"band": "t", "confidence_level": 0.95, "smoothing_window": 50}
EPOCHS = 4


def simulate(n_seeds, n_iterations, variants="abcd"):
    random = np.random.default_rng(0)
    epoch = 1 + np.arange(n_iterations) * EPOCHS // n_iterations
    return {
        (variant, seed): pd.DataFrame(
            random.gamma(25, 1 / 25, (n_iterations, 2)).astype(np.float32),
            columns=["train_loss", "train_accuracy"],
        ).assign(epoch=epoch)
        for variant in variants
        for seed in range(n_seeds)
    }


def on_test_images(runs):
    """Runs over epochs that end at their own accuracies."""
    lasts = np.linspace(0.5, 0.9, len(runs))
    shares = (np.linspace(0.1, last, EPOCHS + 1) for last in lasts)
    return {
        run: pd.DataFrame({"test_loss": 2 - share, "test_accuracy": share})
        for run, share in zip(runs, shares, strict=True)
    }


def collect(runs, over_epochs=None, comparisons=COMPARISONS, **settings):
    return interactive.contents(
        runs,
        over_epochs or on_test_images(runs),
        comparisons=comparisons,
        epochs=EPOCHS,
        settings=SETTINGS | settings,
    )


def write(runs, comparisons=COMPARISONS):
    return interactive.page(
        runs,
        on_test_images(runs),
        name="x",
        experiment="",
        comparisons=comparisons,
        epochs=EPOCHS,
        settings=SETTINGS,
    )


def line(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


@pytest.mark.parametrize("n_iterations, place", [(400, 0), (400, 3), (2348, 2)])
def test_means_and_bands_are_those_of_the_smoothed_seeds(n_iterations, place):
    runs = simulate(n_seeds=3, n_iterations=n_iterations)
    images = collect(runs)["images"]["train"]
    packed = images["curves"]["b"][1][place]
    steps = images["x0"] + images["stride"] * np.arange(images["n"])
    assert steps[0] <= images["stride"] and steps[-1] == images["last"] == n_iterations
    assert images["n"] <= 1000
    table = curves(
        {run: frame[["train_accuracy"]] for run, frame in runs.items()},
        smoothing_window=[1, 10, 50, 200][place],
        band="t",
        confidence_level=0.95,
    )
    expected = 100 * table[table["variant"] == "b"].set_index("iteration")[list(packed)[:3]]
    for name in ("mean", "lower", "upper"):
        np.testing.assert_allclose(line(packed[name]), expected[name][steps], rtol=1e-6)


@pytest.mark.parametrize("n_iterations", [400, 2348])
def test_single_seeds_are_the_smoothed_runs(n_iterations):
    runs = simulate(n_seeds=2, n_iterations=n_iterations)
    images = collect(runs)["images"]["train"]
    seed = images["curves"]["b"][1][2]["seeds"][1]
    values = line(seed["y"])
    steps = seed["x0"] + images["seed_stride"] * np.arange(len(values))
    assert steps[0] <= images["seed_stride"] and steps[-1] == n_iterations
    expected = 100 * smooth(runs["b", 1][["train_accuracy"]].to_numpy(), 50)[steps - 1, 0]
    np.testing.assert_allclose(values, expected, rtol=1e-6)


def test_test_images_are_over_epochs_from_the_untrained_network_on():
    runs = simulate(n_seeds=2, n_iterations=100)
    data = collect(runs)
    images = data["images"]["test"]
    assert (images["x0"], images["stride"], images["n"], images["last"]) == (0, 1, 5, 4)
    assert images["windows"] == ["unsmoothed"]
    assert [panel["heading"] for panel in images["panels"]] == [
        "Test cross-entropy (nats)",
        "Test accuracy (%)",
    ]
    [packed] = images["curves"]["a"][1]
    expected = 100 * np.mean(
        [on_test_images(runs)["a", seed]["test_accuracy"] for seed in (0, 1)], axis=0
    )
    np.testing.assert_allclose(line(packed["mean"]), expected, rtol=1e-6)
    assert (line(packed["lower"]) < line(packed["upper"]))[1:].all()
    assert packed["seeds"][1]["x0"] == 0 and len(line(packed["seeds"][1]["y"])) == 5
    assert data["iterations_per_epoch"] == 25


def diverged():
    runs = simulate(n_seeds=3, n_iterations=400)
    epochs = on_test_images(runs)
    short = runs["a", 1].iloc[:40].copy()
    short.loc[39, "train_loss"] = np.inf
    runs["a", 1], epochs["a", 1] = short, epochs["a", 1].iloc[:1]
    return collect(runs, epochs)


def test_where_a_run_diverges_its_line_and_the_mean_end():
    images = diverged()["images"]["train"]
    assert images["diverged"] == {"a": {1: 40}}
    for packed in images["curves"]["a"][0]:
        assert len(line(packed["seeds"][0]["y"])) == 400
        assert len(line(packed["seeds"][1]["y"])) == 39
        for name in ("mean", "lower", "upper"):
            values = line(packed[name])
            assert np.isfinite(values[:39]).all() and np.isnan(values[39:]).all()
            assert len(values) == images["n"] == 400


def test_where_a_run_diverges_its_test_curve_ends():
    images = diverged()["images"]["test"]
    assert images["diverged"] == {"a": {1: 1}}
    assert np.isnan(line(images["curves"]["a"][0][0]["mean"])).tolist() == [False, *[True] * 4]


def test_a_run_that_diverges_at_once_draws_nothing():
    runs = simulate(n_seeds=2, n_iterations=400)
    runs["a", 1] = runs["a", 1].iloc[:1] * [np.inf, np.inf, 1]
    images = collect(runs)["images"]["train"]
    assert len(line(images["curves"]["a"][0][0]["seeds"][1]["y"])) == 0
    assert np.isnan(line(images["curves"]["a"][0][0]["mean"])).all()
    assert images["diverged"] == {"a": {1: 1}}


def test_if_every_run_diverges_in_its_first_epoch_no_epoch_is_known():
    runs = {run: frame.iloc[:7] for run, frame in simulate(n_seeds=2, n_iterations=400).items()}
    data = collect(runs, {run: frame.iloc[:1] for run, frame in on_test_images(runs).items()})
    assert data["iterations_per_epoch"] is None
    assert data["images"]["train"]["diverged"]["a"] == {0: 8, 1: 8}


def test_one_seed_has_no_band():
    data = collect(simulate(n_seeds=1, n_iterations=100))
    assert data["band"] == "1 seed, hence no band"
    for images in data["images"].values():
        assert images["curves"]["a"][0][0].keys() == {"mean", "seeds"}


def test_variants_have_the_order_and_the_looks_of_the_figures():
    comparisons = {"one": [f"v{number}" for number in range(12)], "two": ["b", "a"]}
    variants = [variant for members in comparisons.values() for variant in members]
    data = collect(simulate(1, 60, variants), comparisons=comparisons)
    shown = data["comparisons"]["one"]
    assert [look["variant"] for look in shown] == comparisons["one"]
    assert [look["color"] for look in shown] == [to_hex(look["color"]) for look in looks(12)]
    assert shown[0]["dash"] == [] and shown[1]["dash"] == [8, 3]
    assert len({(look["color"], str(look["dash"]), look["symbol"]) for look in shown}) == 12
    assert [look["variant"] for look in data["comparisons"]["two"]] == ["b", "a"]
    page = write(simulate(1, 60, variants), comparisons)
    assert page.index('"v2"') < page.index('"v10"')


def test_windows_longer_than_the_run_are_one_and_named_by_its_length():
    assert interactive.windows(50, 1000) == [1, 10, 50, 200]
    assert interactive.windows(50, 40) == [1, 10, 50]
    assert interactive.windows(50, 1) == [50]
    data = collect(simulate(n_seeds=2, n_iterations=40))
    assert data["smoothing"] == 2 and data["images"]["train"]["windows"] == [
        "unsmoothed",
        "moving average over 10 iterations",
        "moving average over 40 iterations",
    ]


@pytest.mark.parametrize("window", [1, 7, 10, 5000])
def test_the_configured_window_is_chosen_at_first(window):
    runs = simulate(n_seeds=2, n_iterations=400)
    data = collect(runs, smoothing_window=window)
    mean = line(data["images"]["train"]["curves"]["a"][0][data["smoothing"]]["mean"])
    [*_, last] = np.mean(
        [smooth(runs["a", seed][["train_loss"]].to_numpy(), window) for seed in (0, 1)], axis=0
    )
    assert mean[-1] == pytest.approx(last[0], rel=1e-6)


def test_what_was_thinned_is_still_whole_at_the_ends():
    images = collect(simulate(n_seeds=1, n_iterations=9380))["images"]["train"]
    assert images["stride"] == images["seed_stride"] == images["x0"] == 10
    assert images["x0"] + (images["n"] - 1) * images["stride"] == images["last"] == 9380


def test_names_do_not_end_the_program():
    """The configuration allows letters, digits, `_`, `-` and `.`; the page relies on nothing."""
    name = "</script><b>"
    page = write(simulate(1, 40, [name]), {"pair": [name]})
    assert name not in page and "\\u003c/script\\u003e" in page


@pytest.mark.slow
@pytest.mark.parametrize("n_variants, n_seeds", [(4, 100), (48, 3)])
def test_large_pages_are_below_10_megabytes(n_variants, n_seeds):
    names = [f"v{number}" for number in range(n_variants)]
    page = write(simulate(n_seeds, 1000, names), {"large": names})
    assert len(page.encode()) < 10_000_000
    assert "http-equiv" in page and "<script src" not in page
