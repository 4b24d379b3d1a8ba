"""Smoothed curves with bands, and where they end."""

import numpy as np
import pandas as pd
import pytest

from descent.analysis.bands import band
from descent.analysis.curves import curves, smooth

N = 60


@pytest.mark.parametrize("window", [1, 3, 4, 20])
def test_smoothing_averages_the_values_around(window):
    values = np.random.default_rng(0).normal(size=(50, 2))
    before = window // 2
    expected = [
        values[max(0, i - before) : i - before + window].mean(axis=0) for i in range(len(values))
    ]
    np.testing.assert_allclose(smooth(values, window), expected, atol=1e-12)


def make_runs(seeds=3):
    """Random curves of the variants `a` and `b`."""
    random = np.random.default_rng(3)
    return {
        (variant, seed): pd.DataFrame(
            {
                "train_loss": random.random(N, dtype=np.float32),
                "train_accuracy": random.random(N, dtype=np.float32),
            }
        )
        for variant in ("a", "b")
        for seed in range(seeds)
    }


def diverge(run, iteration, *, ends, value=np.nan):
    """Let a run diverge; the file may end there, or go on without numbers."""
    run = run.copy()
    run.loc[iteration - 1 :, "train_loss"] = np.nan
    run.loc[iteration - 1, "train_loss"] = value
    return run.iloc[:iteration] if ends else run


@pytest.mark.parametrize("kind", ["t", "minmax"])
def test_each_seed_is_smoothed_before_the_band_is_computed(kind):
    runs = make_runs()
    table = curves(runs, smoothing_window=20, band=kind, confidence_level=0.95)
    assert len(table) == 2 * 2 * 60
    part = table[(table["variant"] == "b") & (table["metric"] == "train_accuracy")]
    smoothed = np.stack(
        [smooth(runs["b", s][["train_accuracy"]].to_numpy(), 20)[:, 0] for s in range(3)], axis=1
    )
    lower, upper = band(smoothed, kind, 0.95)
    np.testing.assert_allclose(part["mean"], smoothed.mean(axis=1))
    np.testing.assert_allclose(part["lower"], lower)
    np.testing.assert_allclose(part["upper"], upper)
    assert part["iteration"].tolist() == list(range(1, 61))
    assert set(part["n_seeds"]) == {3} and table["seed"].isna().all()


def test_smoothing_stops_where_a_run_ends():
    values = np.array([[1.0, 1.0], [2.0, 1.0], [4.0, 1.0], [6.0, 1.0], [np.nan, 1.0]])
    expected = np.array([[1.5, 1.0], [7 / 3, 1.0], [4.0, 1.0], [5.0, 1.0], [np.nan, 1.0]])
    np.testing.assert_allclose(smooth(values, 3), expected)


def test_one_seed_has_no_band():
    table = curves(make_runs(seeds=1), smoothing_window=1, band="t", confidence_level=0.95)
    assert table["mean"].notna().all() and set(table["n_seeds"]) == {1}
    assert table[["lower", "upper"]].isna().all(axis=None)


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("window", [1, 20])
def test_mean_and_band_end_where_a_seed_diverges(ends, value, window):
    settings = {"smoothing_window": window, "band": "t", "confidence_level": 0.95}
    runs = make_runs()
    cut = {run: frame.iloc[:29] for run, frame in runs.items()}
    runs["a", 1] = diverge(runs["a", 1], 30, ends=ends, value=value)
    runs["a", 2] = diverge(runs["a", 2], 40, ends=ends, value=value)
    table = curves(runs, **settings)
    others = table[table["variant"] == "b"]
    assert others["mean"].notna().all() and others["seed"].isna().all()
    for metric in ("train_loss", "train_accuracy"):
        ours = table[(table["variant"] == "a") & (table["metric"] == metric)]
        over_seeds = ours[ours["seed"].isna()]
        assert over_seeds["iteration"].tolist() == list(range(1, N + 1))
        assert over_seeds[["mean", "lower", "upper"]].iloc[:29].notna().all(axis=None)
        assert over_seeds[["mean", "lower", "upper"]].iloc[29:].isna().all(axis=None)
        for seed, end in ((0, N), (1, 30), (2, 40)):
            run = ours[ours["seed"] == seed]
            assert run["iteration"].tolist() == list(range(29, end + 1))
            assert run["mean"].notna().tolist() == [True] * (end - 29) + [seed == 0]
        if window == 1:
            expected = np.mean([cut["a", seed][metric] for seed in range(3)], axis=0)
            np.testing.assert_allclose(over_seeds["mean"].iloc[:29], expected, rtol=1e-6)
            last = ours[ours["seed"] == 0]["mean"]
            np.testing.assert_array_equal(last, runs["a", 0][metric].iloc[28:])


@pytest.mark.parametrize("ends", [True, False])
def test_all_seeds_diverge_at_once(ends):
    runs = {
        run: diverge(frame, 1, ends=ends) if run[0] == "a" else frame
        for run, frame in make_runs().items()
    }
    table = curves(runs, smoothing_window=20, band="simultaneous", confidence_level=0.95)
    ours = table[(table["variant"] == "a") & (table["metric"] == "train_loss")]
    assert ours["mean"].isna().all()
    assert ours["iteration"].tolist() == [1] * 4
    assert ours["seed"].tolist() == [pd.NA, 0, 1, 2]


def make_epochs(ends=(4, 4, 4)):
    """Epochs of two variants and three seeds; those of `a` have this many, untrained one included.

    Every number is different: the hundreds are the variant, the tens the seed, the ones the epoch.
    """
    return {
        (variant, seed): pd.DataFrame(
            {"test_loss": values + 0.25 * seed**2, "test_accuracy": values / 1000}
        )
        for variant, hundreds, rows in (("a", 100, ends), ("b", 200, (4, 4, 4)))
        for seed, end in enumerate(rows)
        for values in [hundreds + 10 * seed + np.arange(float(end))]
    }


def over_epochs(runs, kind="t", length=4):
    look = {"smoothing_window": 1, "band": kind, "confidence_level": 0.9}
    return curves(runs, **look, over="epoch", length=length)


@pytest.mark.parametrize("kind", ["t", "minmax"])
def test_curves_over_epochs_begin_with_the_untrained_network(kind):
    runs = make_epochs()
    table = over_epochs(runs, kind)
    assert list(table) == [
        *("variant", "metric", "epoch", "mean", "lower", "upper", "n_seeds", "seed")
    ]
    assert len(table) == 2 * 2 * 4
    for variant in ("a", "b"):
        for metric in ("test_loss", "test_accuracy"):
            part = table[(table["variant"] == variant) & (table["metric"] == metric)]
            assert part["epoch"].tolist() == [0, 1, 2, 3]
            values = np.stack([runs[variant, seed][metric] for seed in range(3)], axis=1)
            lower, upper = band(values, kind, 0.9)
            np.testing.assert_allclose(part["mean"], values.mean(axis=1))
            np.testing.assert_allclose(part["lower"], lower)
            np.testing.assert_allclose(part["upper"], upper)


def test_curves_over_epochs_end_where_a_seed_diverges():
    table = over_epochs(make_epochs(ends=(4, 1, 2)))
    ours = table[(table["variant"] == "a") & (table["metric"] == "test_loss")]
    over_seeds = ours[ours["seed"].isna()]
    assert over_seeds["epoch"].tolist() == [0, 1, 2, 3]
    assert over_seeds["mean"].notna().tolist() == [True, False, False, False]
    runs = {seed: run.set_index("epoch")["mean"].to_dict() for seed, run in ours.groupby("seed")}
    assert runs[0] == {0: 100, 1: 101, 2: 102, 3: 103}
    assert list(runs[1]) == [0, 1] and np.isnan(runs[1][1])
    assert list(runs[2]) == [0, 1, 2] and np.isnan(runs[2][2])
    assert table[table["variant"] == "b"]["seed"].isna().all()


def test_all_runs_may_diverge_in_their_first_epoch():
    runs = {run: frame[:1] for run, frame in make_epochs().items()}
    table = over_epochs(runs)
    diverged = table[table["seed"].notna() & table["mean"].isna()]
    assert len(diverged) == 2 * 2 * 3 and set(diverged["epoch"]) == {1}


def test_the_table_survives_its_file(tmp_path):
    runs = make_runs()
    runs["a", 0] = diverge(runs["a", 0], 10, ends=True)
    table = curves(runs, smoothing_window=1, band="sd", confidence_level=0.95)
    table.to_parquet(tmp_path / "curves.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "curves.parquet"), table)
