"""Equivalence tests, checked against statsmodels and against their guarantees."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import TTestIndPower, TTestPower
from statsmodels.stats.weightstats import DescrStatsW, ttost_ind, ttost_paired

from descent.analysis import equivalence as module


def outcomes(**variants):
    """Runs of each variant with the given final accuracies; the loss is 10 times the error."""
    return {
        (variant, seed): pd.DataFrame(
            {"test_accuracy": [0.1, value], "test_loss": [2.3, 10 * (1 - value)]}
        )
        for variant, values in variants.items()
        for seed, value in enumerate(values)
    }


def equivalence(runs, references, margins, *, diverged=(), design="independent"):
    return module.equivalence(runs, diverged, references, margins, design=design)


MARGINS = {"test_accuracy": 0.005, "test_loss": 0.05}


def normal(n, mean, sd, seed=0):
    """Values with exactly this mean and standard deviation."""
    values = np.random.default_rng(seed).normal(size=n)
    return mean + sd * (values - values.mean()) / values.std(ddof=1)


@pytest.mark.parametrize(
    ("difference", "sd", "verdict"),
    [
        (0.0002, 0.001, "equivalent"),
        (0.002, 0.001, "equivalent (difference detectable)"),
        (0.0051, 0.001, "different"),
        (-0.02, 0.001, "different"),
        (0.0, 0.02, "inconclusive"),
        (0.004, 0.01, "inconclusive"),
    ],
)
def test_verdicts(difference, sd, verdict):
    runs = outcomes(ours=normal(10, 0.9 + difference, sd), theirs=normal(10, 0.9, sd, seed=1))
    table = equivalence(runs, {"pair": ("theirs", ["ours"])}, MARGINS)
    assert table["verdict"].tolist() == [verdict] * 2
    assert table["metric"].tolist() == ["test_accuracy", "test_loss"]
    row = table.iloc[0]
    assert row["difference"] == pytest.approx(difference, abs=1e-12)
    assert row["ci95_lower"] < row["ci90_lower"] < row["ci90_upper"] < row["ci95_upper"]
    assert pd.isna(row["seeds_needed"]) == (verdict != "inconclusive")


def test_equivalence_is_tost_of_statsmodels_adjusted_by_holm():
    random = np.random.default_rng(5)
    ours, others, theirs = (random.normal(0.9, 0.003, 8) for _ in range(3))
    runs = outcomes(ours=ours, others=others, theirs=theirs)
    table = equivalence(runs, {"trio": ("theirs", ["ours", "others"])}, {"test_accuracy": 0.005})
    raw = [ttost_ind(x, theirs, -0.005, 0.005, usevar="unequal")[0] for x in (ours, others)]
    holm = [min(1, 2 * min(raw)), max(raw)]
    expected = sorted(max(holm[0], p) for p in holm)
    np.testing.assert_allclose(sorted(table["p_equivalence"]), expected)
    # TOST at 5 % asks whether the 90 % interval lies within the margin
    alone = equivalence(runs, {"pair": ("theirs", ["ours"])}, {"test_accuracy": 0.005}).iloc[0]
    inside = alone["ci90_lower"] > -0.005 and alone["ci90_upper"] < 0.005
    assert inside == (alone["p_equivalence"] < 0.05)


def verdicts(monkeypatch, studies, design="independent"):
    """Compute the verdict on the accuracy in each of many simulated studies.

    They are spared the garbage collection in multipletests, nine tenths of their time, and the
    seeds needed, which no verdict depends on.
    """
    monkeypatch.setattr("gc.collect", lambda: 0)
    monkeypatch.setattr(module, "_seeds_needed", lambda *arguments: pd.NA)
    pair, margins = {"pair": ("theirs", ["ours"])}, {"test_accuracy": 0.005}
    return [equivalence(runs, pair, margins, design=design)["verdict"][0] for runs in studies]


def share_equivalent(verdicts):
    return sum(verdict.startswith("equivalent") for verdict in verdicts) / len(verdicts)


def test_the_error_of_a_false_equivalence_is_at_most_its_level(monkeypatch):
    random = np.random.default_rng(7)
    studies = [
        outcomes(ours=random.normal(0.905, 0.002, 10), theirs=random.normal(0.9, 0.002, 10))
        for _ in range(200)
    ]
    assert share_equivalent(verdicts(monkeypatch, studies)) == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize(
    ("design", "power"), [("independent", TTestIndPower().power), ("paired", TTestPower().power)]
)
def test_the_seeds_needed_are_the_fewest_with_the_power_promised(design, power):
    """Each of the two tests may fail with a twentieth, for both are of the same difference."""
    theirs = normal(5, 0.9, 0.01, seed=1)
    ours = normal(5, 0.9, 0.01) if design == "independent" else theirs + normal(5, 0, 0.01)
    one = {"pair": ("theirs", ["ours"])}, {"test_accuracy": 0.005}
    [row] = equivalence(outcomes(ours=ours, theirs=theirs), *one, design=design).to_dict("records")
    few, enough = (
        power(0.005 / row["sd"], n, alpha=0.05, alternative="larger")
        for n in (row["seeds_needed"] - 1, row["seeds_needed"])
    )
    assert few < 0.95 <= enough


@pytest.mark.slow
def test_the_seeds_needed_give_the_power_promised(monkeypatch):
    pilot = outcomes(ours=normal(5, 0.9, 0.005), theirs=normal(5, 0.9, 0.005, seed=1))
    one = {"pair": ("theirs", ["ours"])}, {"test_accuracy": 0.005}
    n = int(equivalence(pilot, *one)["seeds_needed"].iloc[0])
    random = np.random.default_rng(8)
    studies = [outcomes(ours=a, theirs=b) for a, b in random.normal(0.9, 0.005, (100, 2, n))]
    assert share_equivalent(verdicts(monkeypatch, studies)) == pytest.approx(0.9, abs=0.05)


def test_one_seed_is_inconclusive():
    runs = outcomes(ours=[0.9], theirs=[0.9])
    table = equivalence(runs, {"pair": ("theirs", ["ours"])}, MARGINS)
    assert table["verdict"].tolist() == ["inconclusive"] * 2
    assert table["seeds_needed"].isna().all()


def test_without_a_reference_there_is_nothing_to_test():
    table = equivalence(outcomes(ours=[0.9, 0.91]), {}, MARGINS)
    assert len(table) == 0 and {"comparison", "variant", "verdict"} <= set(table.columns)


def test_paired_equivalence_is_that_of_the_differences():
    random = np.random.default_rng(11)
    of_seed = random.normal(0.9, 0.01, 8)
    ours, theirs = (of_seed + random.normal(0, 0.002, 8) for _ in range(2))
    runs = outcomes(ours=ours, theirs=theirs)
    one = {"pair": ("theirs", ["ours"])}, {"test_accuracy": 0.005}
    [row] = equivalence(runs, *one, design="paired").to_dict("records")
    p, *_ = ttost_paired(ours, theirs, -0.005, 0.005)
    assert row["p_equivalence"] == pytest.approx(p)
    differences = DescrStatsW(ours - theirs)
    assert row["p_difference"] == pytest.approx(differences.ttest_mean()[1])
    for level in (90, 95):
        interval = differences.tconfint_mean(1 - level / 100)
        assert (row[f"ci{level}_lower"], row[f"ci{level}_upper"]) == pytest.approx(interval)
    assert row["sd"] == pytest.approx(np.std(ours - theirs, ddof=1))
    assert row["design"] == "paired" and row["verdict"].startswith("equivalent")
    [welch] = equivalence(runs, *one).to_dict("records")
    assert welch["design"] == "independent" and welch["verdict"] == "inconclusive"


def test_pairs_are_of_one_seed_in_whatever_order_the_runs_come():
    values = np.random.default_rng(12).normal(0.9, 0.01, (2, 6))
    runs = outcomes(ours=values[0], theirs=values[1])
    one = {"pair": ("theirs", ["ours"])}, MARGINS
    turned = dict(sorted(runs.items(), key=lambda run: run[0][1] * (-1) ** (run[0][0] == "ours")))
    pd.testing.assert_frame_equal(
        *(equivalence(members, *one, design="paired") for members in (runs, turned))
    )


def test_pairs_with_the_same_bits_are_equivalent():
    values = normal(5, 0.9, 0.01)
    runs = outcomes(ours=values, theirs=values)
    table = equivalence(runs, {"pair": ("theirs", ["ours"])}, MARGINS, design="paired")
    assert table["verdict"].tolist() == ["equivalent"] * 2
    assert (table[["difference", "ci95_lower", "ci95_upper", "sd"]] == 0).all(axis=None)


def simulate_pairs(random, n, shift, sd):
    """Outcomes whose seeds differ far more than the differences within a seed."""
    theirs = random.normal(0.9, 0.02, n)
    return outcomes(ours=theirs + random.normal(shift, sd, n), theirs=theirs)


def test_the_error_of_a_false_paired_equivalence_is_at_most_its_level(monkeypatch):
    random = np.random.default_rng(13)
    studies = [simulate_pairs(random, 10, 0.005, 0.002) for _ in range(200)]
    said = verdicts(monkeypatch, studies, "paired")
    assert share_equivalent(said) == pytest.approx(0.05, abs=0.03)


@pytest.mark.slow
def test_the_paired_seeds_needed_give_the_power_promised(monkeypatch):
    one = {"pair": ("theirs", ["ours"])}, {"test_accuracy": 0.005}
    theirs = normal(4, 0.9, 0.02)
    pilot = outcomes(ours=theirs + normal(4, 0, 0.005, seed=1), theirs=theirs)
    n = int(equivalence(pilot, *one, design="paired")["seeds_needed"].iloc[0])
    assert n < 30  # of independent seeds, hundreds
    random = np.random.default_rng(14)
    studies = [simulate_pairs(random, n, 0, 0.005) for _ in range(100)]
    said = verdicts(monkeypatch, studies, "paired")
    assert share_equivalent(said) == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize("design", ["independent", "paired"])
def test_nothing_is_tested_where_a_run_diverged(design):
    """A reference that diverged leaves its whole comparison undecided, and no other."""
    values = {name: normal(5, 0.9, 0.001, seed) for seed, name in enumerate("abcdef")}
    runs = outcomes(**values)
    references = {"one": ("a", ["b", "c"]), "two": ("d", ["e", "f"])}
    diverged = {("b", 1): 12, ("b", 3): 40, ("d", 0): 7}
    margins = {"test_accuracy": 0.005, "test_loss": 0.01}  # the loss of c is inconclusive
    table = equivalence(runs, references, margins, diverged=diverged, design=design)
    rows = table[table["metric"] == "test_accuracy"].set_index("variant")
    assert rows["verdict"].to_dict() == {
        "b": "diverged",
        "c": "equivalent",
        "e": "diverged",
        "f": "diverged",
    }
    assert rows["n"].tolist() == [5] * 4
    assert rows["n_diverged"].tolist() == [2, 0, 0, 0]
    assert rows["n_diverged_reference"].tolist() == [0, 0, 1, 1]
    numbers = ["difference", "ci90_lower", "p_equivalence", "p_difference", "seeds_needed"]
    assert rows.loc[["b", "e", "f"], numbers].isna().all(axis=None)
    alone = equivalence(runs, {"one": ("a", ["c"])}, margins, design=design)
    tested = table[table["verdict"] != "diverged"].reset_index(drop=True)
    assert tested["seeds_needed"].notna().tolist() == [False, True]
    pd.testing.assert_frame_equal(tested, alone)  # the correction ignores untested ones
