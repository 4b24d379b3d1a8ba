"""Verdicts on equivalence, checked against scipy, statsmodels and their guarantees."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW, ttost_ind, ttost_paired

from descent.analysis import equivalence as module
from descent.analysis.decision import decide

DESIGNS = ["independent", "paired"]
PAIR = {"pair": ("theirs", ["ours"])}
MARGINS = {"test_accuracy": 0.005, "test_loss": 0.05}


def outcomes(**variants):
    """Runs of each variant with the given final accuracies; the loss is 10 times the error."""
    return {
        (variant, seed): pd.DataFrame(
            {"test_accuracy": [0.1, value], "test_loss": [2.3, 10 * (1 - value)]}
        )
        for variant, values in variants.items()
        for seed, value in enumerate(values)
    }


def equivalence(runs, references=PAIR, margins=MARGINS, *, diverged=(), design="independent"):
    return module.equivalence(runs, diverged, references, margins, design=design)


def accuracy(ours, theirs, design="independent"):
    """The only row of a table that compares the accuracies of two variants."""
    runs, margins = outcomes(ours=ours, theirs=theirs), {"test_accuracy": 0.005}
    [row] = equivalence(runs, PAIR, margins, design=design).to_dict("records")
    return row


def normal(n, mean, sd, seed=0):
    """Values with exactly this mean and standard deviation."""
    values = np.random.default_rng(seed).normal(size=n)
    return mean + sd * (values - values.mean()) / values.std(ddof=1)


@pytest.mark.parametrize(
    ("difference", "sd", "verdict"),
    [
        (0.0002, 0.001, "equivalent"),
        (0.002, 0.001, "equivalent (difference detectable)"),
        (-0.02, 0.001, "different"),
        (0.0051, 0.001, "difference (may be within the margin)"),
        (0.0, 0.02, "inconclusive"),
        (0.004, 0.01, "inconclusive"),
    ],
)
def test_verdicts(difference, sd, verdict):
    runs = outcomes(ours=normal(10, 0.9 + difference, sd), theirs=normal(10, 0.9, sd, seed=1))
    table = equivalence(runs)
    assert table["verdict"].tolist() == [verdict] * 2
    assert table["metric"].tolist() == ["test_accuracy", "test_loss"]
    row = table.iloc[0]
    assert row["difference"] == pytest.approx(difference, abs=1e-12)
    assert row["ci95_lower"] < row["ci90_lower"] < row["ci90_upper"] < row["ci95_upper"]
    more = verdict in ("inconclusive", "difference (may be within the margin)")
    assert pd.notna(row["seeds_needed"]) == (more and abs(difference) < 0.005)


def test_a_clear_difference_is_different_and_no_more_seeds_are_suggested():
    """What used to be called too few seeds: 8.5 points at a margin of 0.5."""
    row = accuracy(normal(5, 0.815, 0.05), normal(5, 0.9, 0.02, seed=1))
    assert row["verdict"] == "different" and row["ci_upper"] < -0.005
    assert pd.isna(row["seeds_needed"])


@pytest.mark.parametrize("design", DESIGNS)
def test_what_only_rounding_makes_differ_does_not_differ(design):
    """The same accuracies in another order have another mean, in the last bit."""
    ours, theirs = [0.8654, 0.6732, 0.5599, 0.3427, 0.377], [0.8654, 0.3427, 0.5599, 0.377, 0.6732]
    assert accuracy(ours, theirs, design)["difference"] == 0


@pytest.mark.parametrize("design", DESIGNS)
def test_an_interval_is_that_of_scipy_and_inside_where_two_one_sided_tests_reject(design):
    random = np.random.default_rng(5)
    tost = {"independent": ttost_ind, "paired": ttost_paired}[design]
    extra = {"usevar": "unequal"} if design == "independent" else {}
    verdicts = set()
    for _ in range(40):
        ours, theirs = random.normal(0.9, random.choice([0.001, 0.004]), (2, 8))
        row = accuracy(ours, theirs, design)
        p = tost(ours, theirs, -0.005, 0.005, **extra)[0]
        assert row["p_equivalence"] == pytest.approx(p)
        assert row["verdict"].startswith("equivalent") == (p < 0.05)
        result = stats.ttest_rel(ours, theirs)
        if design == "independent":
            result = stats.ttest_ind(ours, theirs, equal_var=False)
        assert row["p_difference"] == pytest.approx(result.pvalue)
        assert (row["ci_lower"] * row["ci_upper"] > 0) == (result.pvalue < 0.1)
        for level in (90, 95):
            interval = result.confidence_interval(level / 100)
            assert (row[f"ci{level}_lower"], row[f"ci{level}_upper"]) == pytest.approx(interval)
        assert row["level"] == 0.9 and row["ci_lower"] == row["ci90_lower"]
        verdicts.add(row["verdict"])
    assert len(verdicts) > 1


def test_intervals_are_adjusted_by_holm_and_what_is_settled_leaves_the_family():
    values = {
        "different": normal(8, 0.8, 0.001, seed=1),
        "detectable": normal(8, 0.902, 0.001, seed=2),
        "equal": normal(8, 0.9, 0.001, seed=3),
        "vague": normal(8, 0.9, 0.02, seed=4),
        "theirs": normal(8, 0.9, 0.001),
    }
    others = [name for name in values if name != "theirs"]
    references = {"all": ("theirs", others)}
    table = equivalence(outcomes(**values), references, {"test_accuracy": 0.005})
    assert table["verdict"].tolist() == [
        "different",
        "equivalent (difference detectable)",
        "equivalent",
        "inconclusive",
    ]
    assert table["level"].tolist() == pytest.approx([1 - 0.1 / m for m in (4, 3, 2, 2)])
    for row in table.itertuples():  # the interval that decides is the one that is shown
        result = stats.ttest_ind(values[row.variant], values["theirs"], equal_var=False)
        interval = result.confidence_interval(row.level)
        assert (row.ci_lower, row.ci_upper) == pytest.approx(interval)
        assert row.verdict == decide(row.ci_lower, row.ci_upper, row.margin)


# Families in which a wrong adjustment goes wrong: (true difference, spread of a run), in margins.
EQUAL = [(0, 1)] * 6
AT_THE_MARGIN = [(1, 0.02)] * 6
CLEARLY_WITHIN = [(0, 0.02)] * 20


def share_wrong(family, design, repetitions=200):
    """Share of simulated families of which an interval misses the true difference."""
    random, wrong = np.random.default_rng(7), 0
    pairs = [(f"pair{i}", f"ours{i}", f"theirs{i}") for i in range(len(family))]
    means, sds = np.array([[*pair, 0, pair[1]] for pair in family]).reshape(-1, 2).T
    names = np.ravel([pair[1:] for pair in pairs])
    for _ in range(repetitions):
        shared = random.normal(0, 4, (len(family), 1, 6)).repeat(2, axis=1).reshape(-1, 6)
        values = random.normal(means, sds, (6, len(means))).T + shared * (design == "paired")
        columns = {"variant": names.repeat(6), "seed": np.tile(range(6), len(names))}
        final = pd.DataFrame(columns | {"test_accuracy": 0.9 + 0.005 * values.ravel()})
        table = module.compare(final, pairs, {"test_accuracy": 0.005}, design=design)
        true = 0.005 * means[::2]
        wrong += ((table["ci_lower"] > true) | (table["ci_upper"] < true)).any()
    return wrong / repetitions


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("family", [EQUAL, AT_THE_MARGIN, CLEARLY_WITHIN])
def test_any_wrong_verdict_is_as_rare_as_promised(family, design):
    assert share_wrong(family, design) <= 0.153  # 10 %, plus two and a half standard errors


def unadjusted(p_values, alpha):
    return np.full(len(p_values), alpha)


def leaving_too_early(p_values, alpha):
    """Holm's levels if a comparison left the family as soon as anything could be said of it."""
    return alpha / np.arange(len(p_values), 0, -1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mutant", "family"),
    [(unadjusted, EQUAL), (unadjusted, AT_THE_MARGIN), (leaving_too_early, CLEARLY_WITHIN)],
)
def test_a_wrong_adjustment_is_noticed(monkeypatch, mutant, family):
    monkeypatch.setattr(module, "holm_levels", mutant)
    assert share_wrong(family, "independent") > 0.153


@pytest.mark.parametrize("design", DESIGNS)
def test_the_same_difference_in_all_seeds_decides_nothing(design):
    """Of 360 test images, three seeds can show the same difference by chance, and often do.

    A mutant that takes an interval without width calls it equivalent or different.
    """
    theirs = np.full(3, 324 / 360) if design == "independent" else np.array([324, 327, 322]) / 360
    for images in (1, 40):
        row = accuracy(theirs + images / 360, theirs, design)
        assert row["verdict"] == "inconclusive" and row["sd"] == 0
        assert np.isnan([row["level"], row["ci_lower"]]).all() and pd.isna(row["seeds_needed"])
    assert accuracy(theirs, theirs, "paired")["verdict"] == "equivalent"


@pytest.mark.parametrize("design", DESIGNS)
def test_any_values_have_a_verdict(design):
    """Any spread, ties, no spread at all, and 1 to 100 seeds."""
    random = np.random.default_rng(9)
    for case in range(60):
        n = int(random.choice([1, 2, 3, int(random.integers(1, 101))]))
        sd = random.choice([0, 0.005 * 10 ** random.uniform(-9, 2)])
        ours = random.choice([0.9, 0.9049, 0.905, 0.95]) + random.normal(0, sd, n)
        theirs = 0.9 + random.normal(0, random.choice([0, sd]), n)
        if case % 3 == 0:  # as with few test images
            ours, theirs = np.round(360 * ours) / 360, np.round(360 * theirs) / 360
        with warnings.catch_warnings(action="error"):
            row = accuracy(ours, theirs, design)
        if n == 1 or (row["sd"] == 0 and row["difference"] != 0):
            assert row["verdict"] == "inconclusive" and np.isnan(row["level"])
            continue
        assert row["verdict"] == decide(row["ci_lower"], row["ci_upper"], 0.005)
        assert row["ci_lower"] <= row["difference"] <= row["ci_upper"]
        assert pd.isna(row["seeds_needed"]) or row["seeds_needed"] > n
        assert 0 <= row["improvement_lower"] <= row["improvement"] <= row["improvement_upper"] <= 1
        assert 0 <= row["p_equivalence"] <= 1 and 0 <= row["p_difference"] <= 1


@pytest.mark.slow
@pytest.mark.parametrize("difference", [0, 0.002])
@pytest.mark.parametrize("design", DESIGNS)
def test_the_seeds_needed_give_the_power_promised(design, difference):
    sd = 0.005
    pilot = normal(4, 0.9, sd), normal(4, 0.9, sd, seed=1)
    if design == "paired":
        pilot = normal(4, 0.9, 0.02), normal(4, 0.9, 0.02)
        pilot = pilot[0] + normal(4, difference, sd, seed=2), pilot[1]
    else:
        pilot = pilot[0] + difference, pilot[1]
    n, random = int(accuracy(*pilot, design)["seeds_needed"]), np.random.default_rng(8)
    said = []
    for _ in range(150):
        theirs = random.normal(0.9, 0.02 if design == "paired" else sd, n)
        ours = theirs if design == "paired" else 0.9
        ours = ours + random.normal(difference, sd, n)
        said.append(accuracy(ours, theirs, design)["verdict"].startswith("equivalent"))
    assert np.mean(said) == pytest.approx(0.9, abs=0.07)


def test_improvement_is_of_higher_accuracies_and_lower_losses():
    runs = outcomes(ours=[0.91, 0.92, 0.9], theirs=[0.9, 0.91, 0.89])
    table = equivalence(runs, design="paired")
    assert table["improvement"].tolist() == [1, 1]
    assert equivalence(runs)["improvement"].tolist() == pytest.approx([7 / 9, 7 / 9])


def test_one_seed_is_inconclusive():
    table = equivalence(outcomes(ours=[0.9], theirs=[0.9]))
    assert table["verdict"].tolist() == ["inconclusive"] * 2
    assert table[["level", "ci_lower", "seeds_needed"]].isna().all(axis=None)


def test_without_a_reference_there_is_nothing_to_test():
    table = equivalence(outcomes(ours=[0.9, 0.91]), {})
    assert len(table) == 0 and {"comparison", "variant", "verdict"} <= set(table.columns)


def test_paired_seeds_see_what_independent_ones_do_not():
    random = np.random.default_rng(11)
    of_seed = random.normal(0.9, 0.01, 8)
    ours, theirs = (of_seed + random.normal(0, 0.002, 8) for _ in range(2))
    row = accuracy(ours, theirs, "paired")
    assert row["sd"] == pytest.approx(DescrStatsW(ours - theirs).std_mean * np.sqrt(8))
    assert row["design"] == "paired" and row["verdict"].startswith("equivalent")
    welch = accuracy(ours, theirs)
    assert welch["design"] == "independent" and welch["verdict"] == "inconclusive"
    pooled = np.sqrt((np.var(ours, ddof=1) + np.var(theirs, ddof=1)) / 2)
    assert welch["sd"] == pytest.approx(pooled)


def test_pairs_are_of_one_seed_in_whatever_order_the_runs_come():
    values = np.random.default_rng(12).normal(0.9, 0.01, (2, 6))
    runs = outcomes(ours=values[0], theirs=values[1])
    turned = dict(sorted(runs.items(), key=lambda run: run[0][1] * (-1) ** (run[0][0] == "ours")))
    pd.testing.assert_frame_equal(
        *(equivalence(members, design="paired") for members in (runs, turned))
    )


def test_pairs_with_the_same_bits_are_equivalent():
    values = normal(5, 0.9, 0.01)
    runs = outcomes(ours=values, theirs=values)
    table = equivalence(runs, design="paired")
    assert table["verdict"].tolist() == ["equivalent"] * 2
    assert (table[["difference", "ci_lower", "ci_upper", "sd"]] == 0).all(axis=None)
    assert table["improvement"].tolist() == [0.5, 0.5] and table["p_difference"].eq(1).all()


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
    numbers = ["difference", "ci_lower", "level", "p_difference", "improvement", "seeds_needed"]
    assert rows.loc[["b", "e", "f"], numbers].isna().all(axis=None)
    alone = equivalence(runs, {"one": ("a", ["c"])}, margins, design=design)
    tested = table[table["verdict"] != "diverged"].reset_index(drop=True)
    assert tested["seeds_needed"].notna().tolist() == [False, True]
    pd.testing.assert_frame_equal(tested, alone)  # the correction ignores untested ones
