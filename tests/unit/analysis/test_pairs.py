"""All pairs of variants, and which are tied with the best."""

import numpy as np
import pandas as pd
import pytest

from descent.analysis.pairs import all_pairs, ties


def outcomes(**variants):
    return {
        (variant, seed): pd.DataFrame({"test_accuracy": [0.1, value]})
        for variant, values in variants.items()
        for seed, value in enumerate(values)
    }


def around(mean, sd=0.001, n=8, seed=0):
    values = np.random.default_rng(seed).normal(size=n)
    return mean + sd * (values - values.mean()) / values.std(ddof=1)


@pytest.mark.parametrize("design", ["independent", "paired"])
def test_all_pairs_from_the_best_to_the_worst(design):
    """The second is too close to matter, the third is not known, the fourth is worse."""
    runs = outcomes(
        worse=around(0.91, 0.001, seed=3),
        vague=around(0.945, 0.01, seed=2),
        close=around(0.949, 0.001, seed=1),
        best=around(0.95, 0.001),
    )
    names = ["best", "close", "vague", "worse"]
    table = all_pairs(runs, {}, {"all": sorted(names)}, 0.005, design=design)
    assert table[["reference", "variant"]].to_numpy().tolist() == [
        [better, worse] for place, better in enumerate(names) for worse in names[place + 1 :]
    ]
    assert (table["difference"] < 0).all() and (table["metric"] == "test_accuracy").all()
    of_best = table[table["reference"] == "best"].set_index("variant")["verdict"]
    assert of_best["close"].startswith("equivalent")
    assert of_best[["vague", "worse"]].tolist() == ["inconclusive", "different"]
    assert ties(table) == ("best", ["close", "vague"])


def test_levels_are_adjusted_over_all_pairs():
    """A mutant that compares with the best one only has a level of 1 - 0.1 / 3."""
    runs = outcomes(**{name: around(0.9, 0.01, seed=i) for i, name in enumerate("abcd")})
    table = all_pairs(runs, {}, {"all": list("abcd")}, 0.005, design="independent")
    assert len(table) == 6 and table["level"].tolist() == pytest.approx([1 - 0.1 / 6] * 6)


def test_a_variant_that_diverged_is_not_ranked():
    runs = outcomes(a=around(0.95), b=around(0.9, seed=1), c=around(0.99, seed=2))
    table = all_pairs(runs, {("c", 1): 7}, {"all": list("abc")}, 0.005, design="paired")
    assert table["verdict"].tolist() == ["different", "diverged", "diverged"]
    assert ties(table) == ("a", [])
    everything = dict.fromkeys(runs, 7)
    table = all_pairs(runs, everything, {"all": list("abc")}, 0.005, design="paired")
    assert ties(table) == (None, [])


def test_a_difference_that_may_be_within_the_margin_is_no_tie():
    runs = outcomes(best=around(0.95, 0.003), other=around(0.945, 0.001, seed=1))
    table = all_pairs(runs, {}, {"all": ["best", "other"]}, 0.005, design="independent")
    assert table["verdict"].tolist() == ["difference (may be within the margin)"]
    assert ties(table) == ("best", [])


@pytest.mark.slow
def test_equal_variants_are_rarely_called_different():
    """As many as are promised: a mutant without adjustment does so in a third of experiments."""
    random, found = np.random.default_rng(5), 0
    for _ in range(60):
        runs = outcomes(**{name: random.normal(0.9, 0.01, 5) for name in "abcdef"})
        table = all_pairs(runs, {}, {"all": list("abcdef")}, 0.005, design="independent")
        found += len(ties(table)[1]) < 5
    assert found <= 6


def test_without_comparisons_there_are_no_pairs():
    table = all_pairs(outcomes(a=[0.9]), {}, {}, 0.005, design="paired")
    assert table.empty and ties(table) == (None, [])
