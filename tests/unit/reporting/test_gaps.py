"""What the report says that nobody checked."""

import pytest

from descent.reporting.gaps import gaps
from evidence import OURS, PAIR, THEIRS, accuracy, parity

CONFIG = {"seeds": [0, 1, 2, 3, 4], "parity": {"lr_scheduler": None}, "comparisons": PAIR}


def text(comparisons=PAIR, iterations=500, config=CONFIG, **tables):
    tables = {"final_accuracy": accuracy(), "parity": parity()} | tables
    return " ".join(gaps(config, comparisons, tables, iterations))


def test_other_data_never_are():
    assert "Data, networks and hyperparameters other than" in text()


def test_a_comparison_without_a_reference_is_named():
    without = {"other": {"ours": OURS, "theirs": {**THEIRS, "reference": False}}}
    found = text(without, parity=parity().iloc[:0])
    assert "Whether any update rule is right in other: no variant is the reference." in found
    assert "no variant is the reference" not in text()


def test_rules_that_were_not_compared_are_named():
    three = {"pair": {**PAIR["pair"], "tuned_selected": OURS}}
    assert "The update rules of tuned_selected: hyperparameters that a sweep" in text(three)
    assert "a sweep" not in text()
    only_trained = parity().query("on == 'training'")
    assert "The update rules of ours in trials." in text(parity=only_trained)


@pytest.mark.parametrize(
    ("iterations", "seeds", "said"),
    [
        (500, 5, None),
        (9380, 5, "in training after iteration 500 of 9,380 (parity.iterations)."),
        (500, 20, "in training with more than 5 of the 20 seeds (parity.seeds)."),
        (9380, 20, "(parity.iterations), or with more than 5 of the 20 seeds"),
    ],
)
def test_training_may_be_longer_than_the_comparison_of_rules(iterations, seeds, said):
    found = text(iterations=iterations, config={**CONFIG, "seeds": list(range(seeds))})
    assert said in found if said else "in training after" not in found


def test_a_rate_that_never_changes_in_training_is_named():
    assert "A learning rate that follows a schedule" in text()
    scheduled = {**CONFIG, "parity": {"lr_scheduler": {"name": "StepLR", "step_size": 1}}}
    assert "while the learning rate" not in text(config=scheduled)


def test_runs_that_diverged_and_a_single_seed_are_named():
    assert "runs that diverged: 2 of 5 of ours." in text(final_accuracy=accuracy(2, "12, 40"))
    assert "single seed" in text(final_accuracy=accuracy().assign(n=1))
    assert "diverged" not in text() and "single seed" not in text()
