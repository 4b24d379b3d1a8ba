"""Sentences on performance: every case of docs/statistics.md, and rankings."""

import numpy as np
import pandas as pd
import pytest

from descent.reporting.performance import chance, describe, ranking
from evidence import accuracy, documented_cases, equivalence


def minus(text):
    return text.replace("-", "\N{MINUS SIGN}")


def row(**changes):
    return equivalence(**changes).iloc[0]


@pytest.mark.parametrize(("interval", "verdict", "words"), documented_cases())
def test_every_documented_case(interval, verdict, words):
    changes = {"level": np.nan, "ci_lower": np.nan, "ci_upper": np.nan, "sd": np.nan}
    if "alike" in words:
        changes["sd"] = 0
    if interval:
        lower, upper = interval
        changes = {"difference": (lower + upper) / 200, "sd": (upper - lower) / 200, "level": 0.98}
        changes |= {"ci_lower": lower / 100, "ci_upper": upper / 100}
    text = describe(row(verdict=verdict, **changes))
    assert words in text
    if interval and interval != (0, 0):
        lower, upper = (f"{end:+.2f}" for end in interval)
        assert minus(f" (98 % interval {lower} to {upper}), ") in text
    assert "-" not in text and "nan" not in text


def test_what_a_sentence_looks_like():
    far = row(verdict="different", difference=-0.085, ci_lower=-0.14399, ci_upper=-0.02601)
    assert describe(far) == minus(
        "Its final test accuracy differs by -8.50 percentage points (97.5 % interval -14.40 to "
        "-2.60), a difference of more than the margin of 0.5."
    )
    loss = describe(equivalence("equivalent", difference=-0.00001).iloc[1])
    assert loss.startswith("Its final test loss differs by +0.0000 nats (97.5 % interval ")


def test_seeds_needed_are_said_where_there_are_any():
    text = describe(row(verdict="inconclusive", seeds_needed=1087))
    assert "; about 1,087 seeds per variant could show that it is." in text
    assert "seeds" not in describe(row(verdict="inconclusive"))


def test_a_single_seed_without_a_difference():
    text = describe(row(verdict="inconclusive", level=np.nan, difference=0, sd=np.nan))
    assert text.endswith("no difference in the only seed, and a single seed shows little.")


@pytest.mark.parametrize(
    ("design", "words"),
    [
        ("paired", "more accurate than the reference in 30 % (95 % interval 8 to 67 %"),
        ("independent", "more accurate than one of the reference with probability 30 %"),
    ],
)
def test_how_often_a_variant_is_better(design, words):
    [sentence] = chance(row(design=design))
    assert words in sentence


def test_nothing_is_said_of_chance_where_no_seed_differs():
    assert chance(row(difference=0, sd=0)) == [] == chance(row(level=np.nan))


def pairs(*verdicts):
    rows = zip(("b", "c"), verdicts, strict=True)
    return pd.DataFrame(
        [{"reference": "a", "variant": variant, "verdict": verdict} for variant, verdict in rows]
    )


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (("equivalent", "inconclusive"), "a is best, tied with b, c."),
        (("equivalent", "different"), "a is best, tied with b."),
        (("different", "different"), "a is best, tied with none of the others."),
    ],
)
def test_a_ranking_names_the_ties(verdicts, said):
    text = ranking(pairs(*verdicts), accuracy())
    assert text == f"Mean final test accuracy: theirs 91.00 %, ours 90.00 %. {said}"


def test_a_ranking_without_runs_that_completed():
    text = ranking(pairs("diverged", "diverged"), accuracy().assign(mean=np.nan))
    assert text == "Mean final test accuracy: none, because all runs diverged."
