"""Verdicts on made-up traces; test_replay.py has verdicts on real ones."""

import pandas as pd
import pytest

from descent.parity.verdict import DIFFERENT, EQUAL, IDENTICAL, VERDICTS, overall, parity


def trace(shares, *, loop="replay", dtype="float32", variant="ours"):
    """A trace whose differences are these shares of the bound, 0 for the same bits."""
    return pd.DataFrame(
        {
            "variant": variant,
            "dtype": dtype,
            "loop": loop,
            "iteration": iteration,
            "identical": share == 0,
            "difference": 1e-7 * share,
            "share_of_bound": share,
            "share": share,
            "envelope": "none",
            "seed": iteration % 2,
            "run": 1,
            "tensor": f"W{iteration}",
        }
        for iteration, share in enumerate(shares, 1)
    )


@pytest.mark.parametrize(
    ("shares", "verdict", "first", "different"),
    [
        ([0.0, 0.0, 0.0], IDENTICAL, None, None),
        ([0.0, 0.5, 1.0], EQUAL, 2, None),
        ([0.0, 0.5, 1.1, 40.0], DIFFERENT, 2, 3),
    ],
)
def test_the_bound_separates_rounding_from_another_rule(shares, verdict, first, different):
    [row] = parity({"pair": trace(shares)}, {"pair": "theirs"}, 2).to_dict("records")
    names = {name: row[name] for name in ("comparison", "variant", "reference", "dtype")}
    assert names == {
        "comparison": "pair",
        "variant": "ours",
        "reference": "theirs",
        "dtype": "float32",
    }
    assert (row["verdict"], row["n"], row["iterations"]) == (verdict, 2, len(shares))
    assert row["share_of_bound"] == max(shares)
    for which, iteration in (("first", first), ("different", different)):
        if iteration is None:
            assert pd.isna(row[f"{which}_iteration"]) and pd.isna(row[f"{which}_tensor"])
        else:
            assert row[f"{which}_iteration"] == iteration
            assert row[f"{which}_tensor"] == f"W{iteration}"
            assert row[f"{which}_seed"] == iteration % 2


def test_the_closed_loop_is_not_judged():
    both = pd.concat([trace([0.0, 0.2]), trace([0.0, 99.0], loop="closed")])
    assert parity({"pair": both}, {"pair": "theirs"}, 1)["verdict"].tolist() == [EQUAL]


def test_every_variant_and_dtype_has_a_verdict():
    parts = [
        trace([share], dtype=dtype, variant=variant)
        for variant, dtype, share in (
            ("a", "float32", 0.1),
            ("a", "float64", 2.0),
            ("b", "float32", 0.0),
            ("b", "float64", 0.0),
        )
    ]
    table = parity({"pair": pd.concat(parts)}, {"pair": "theirs"}, 1)
    worst = table.groupby("variant")["verdict"].agg(overall).to_dict()
    assert worst == {"a": DIFFERENT, "b": IDENTICAL}


def test_the_worst_verdict_counts():
    assert overall(VERDICTS) == DIFFERENT
    assert overall([IDENTICAL, EQUAL, IDENTICAL]) == EQUAL
    assert overall([IDENTICAL]) == IDENTICAL
