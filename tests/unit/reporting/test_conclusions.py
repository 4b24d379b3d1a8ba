"""What the report concludes from each outcome of parity and equivalence."""

import numpy as np
import pandas as pd
import pytest

from descent.parity.verdict import CONSTANT, LESS_ACCURATE
from descent.reporting.conclusions import verdicts
from evidence import OURS, PAIR, THEIRS, accuracy, equivalence, parity


def judge(comparisons=PAIR, **tables):
    defaults = {"final_accuracy": accuracy(), "equivalence": equivalence()}
    tables = defaults | {"parity": parity().iloc[:0]} | tables
    [comparison] = verdicts(comparisons, tables)
    return comparison


def member(**tables):
    [found] = judge(**tables)["members"]
    return found["outcome"], found["headline"], " ".join(found["sentences"])


def better_by(verdict):
    """The pairs of a comparison in which theirs is better."""
    row = {"comparison": "pair", "variant": "ours", "reference": "theirs", "verdict": verdict}
    return pd.DataFrame([row])


def three_accuracies():
    return pd.concat([accuracy(), accuracy().iloc[:1].assign(variant="more")])


def test_the_same_rule_with_the_same_performance():
    outcome, headline, text = member(parity=parity())
    assert outcome == "same"
    assert headline == "ours does the same as theirs (torch.optim.SGD)."
    assert "its steps are equal to rounding: over 500 iterations and 5 seeds" in text
    assert (
        "3.2e\N{MINUS SIGN}08 of the tensor's scale, 0.21 times what rounding can cause (float32)"
        in text
    )
    differs = "differs by {0}0.04 percentage points (97.5 % interval {0}0.21 to +0.14), which is"
    assert differs.format("\N{MINUS SIGN}") in text
    assert text.endswith(
        "It is more accurate than the reference in 30 % (95 % interval 8 to 67 %; "
        "equal ones count half) of the seeds."
    )
    assert "within the margin of 0.5." in text and "within the margin of 0.01." in text
    assert "diverged" not in text


def test_identical_is_said_only_if_both_precisions_are():
    assert "identical to the last bit" in member(parity=parity("identical", "identical"))[2]
    assert "identical" not in member(parity=parity("identical", "equal to rounding"))[2]


@pytest.mark.parametrize("worse", [("different", "identical"), ("equal to rounding", "different")])
def test_the_worst_precision_decides(worse):
    outcome, headline, text = member(parity=parity(*worse))
    assert outcome == "different"
    assert headline == (
        "ours is not the same rule as theirs (torch.optim.SGD), although it performs the same."
    )
    assert "starting at iteration 17 in b1 (seed 3, run 2, " in text


@pytest.mark.parametrize(
    ("trials", "performs", "outcome", "said"),
    [
        ("identical", "equivalent", "same", "ours performs the same as theirs"),
        ("identical", "different", "different", "ours performs differently from theirs"),
        ("different", "equivalent", "different", "ours is not the same rule as theirs"),
    ],
)
def test_another_schedule_is_no_other_rule(trials, performs, outcome, said):
    """The steps in training differ; the trials, without the schedule, are about the rule."""
    ours = {**OURS, "lr_scheduler": {"name": "LinearLR"}, "gradient_clipping": {"norm": 1}}
    comparisons = {"pair": {"ours": ours, "theirs": {**THEIRS, "gradient_clipping": {"norm": 1}}}}
    tables = {"parity": parity("different", "different", trials)}
    tables["equivalence"] = equivalence(performs)
    [found] = judge(comparisons, **tables)["members"]
    text = " ".join(found["sentences"])
    assert found["outcome"] == outcome and said in found["headline"]
    assert "It differs from the reference in lr_scheduler, so its steps in training" in text
    assert ("It is the same in all trials: with" in text) == (trials == "identical")
    assert "Given the same gradients" not in text


@pytest.mark.parametrize(
    ("verdict", "outcome", "said"),
    [
        ("equivalent", "same", "does the same as"),
        ("equivalent (difference detectable)", "same", "does the same as"),
        ("different", "different", "is the same rule as theirs (torch.optim.SGD), but performed"),
        ("difference (may be within the margin)", "open", "which may be too small to matter"),
        ("inconclusive", "open", "the runs cannot tell whether it performs the same"),
        ("diverged", "open", "but some runs diverged"),
    ],
)
def test_performance_of_the_same_rule(verdict, outcome, said):
    found = member(parity=parity(), equivalence=equivalence(verdict))
    assert found[0] == outcome and said in found[1]
    performance_only = member(equivalence=equivalence(verdict))
    assert performance_only[0] == outcome and "rule" not in performance_only[1]


def test_a_wrong_rule_that_performs_differently():
    outcome, headline, text = member(
        parity=parity("different", "different"), equivalence=equivalence("different")
    )
    assert outcome == "different"
    assert headline == "ours does not do the same as theirs (torch.optim.SGD)."
    assert "a difference of more than the margin of 0.5" in text


def test_it_says_when_the_envelope_decided():
    rows = parity("equal to rounding", "identical")
    rows.loc[0, ["decided_by", "share_of_bound", "share_of_tolerance"]] = ["envelope", 7.3, 0.4]
    text = member(parity=rows)[2]
    assert (
        "of the tensor's scale. That is 7.3 times what a formula allows, but only 0.4 times what "
        "rounding does to the reference itself (float32)."
    ) in text
    assert "what rounding can cause" not in text


def test_less_accurate_in_float32_is_the_same_rule():
    outcome, headline, text = member(parity=parity(LESS_ACCURATE, "identical", LESS_ACCURATE))
    assert outcome == "same" and "does the same as" in headline
    assert "computed less accurately in float32: over 500 iterations and 5 seeds" in text
    assert "0.3 times what rounding does to the reference if even its numbers are float32." in text
    assert "With large gradients it is less accurate in float32, but the same rule." in text


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (parity(), "It is the same in all trials, too: with generated gradients"),
        (parity(trials="equal to rounding"), "It is the same in all trials, too: "),
        (parity("different", "different"), "It is the same in all trials: with generated"),
        (
            parity(trials="different"),
            "With large gradients it is a different rule, from iteration 1 on (tensor W0).",
        ),
    ],
)
def test_what_the_trials_show(tables, said):
    assert said in member(parity=tables)[2]


def test_trials_add_nothing_to_a_difference_in_training():
    assert "large gradients" not in member(parity=parity("different", "different", "different"))[2]


def test_a_difference_in_trials_alone_makes_another_rule():
    outcome, headline, text = member(parity=parity("identical", "identical", "different"))
    assert outcome == "different" and "is not the same rule as theirs" in headline
    assert "its steps are identical to the last bit" in text


def test_without_trials_nothing_is_said_of_them():
    assert "trials" not in member(parity=parity().iloc[:2])[2]


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("equivalent", " only while hyperparameters stay constant, although it performs the same."),
        ("different", " only while hyperparameters stay constant, and performed differently."),
        ("difference (may be within the margin)", "constant, and there is a difference in perf"),
        ("inconclusive", "stay constant; the runs cannot tell whether it performs the same."),
        ("diverged", " only while hyperparameters stay constant, and some runs diverged."),
    ],
)
def test_a_rule_that_is_the_same_at_constant_hyperparameters(verdict, said):
    tables = parity(trials=CONSTANT, hint="the learning rate is inside the velocity")
    outcome, headline, text = member(parity=tables, equivalence=equivalence(verdict))
    assert outcome == "different"
    assert headline.startswith("ours is the same rule as theirs (torch.optim.SGD) only while")
    assert said in headline
    assert "it is a different rule, from iteration 1 on (tensor W0)." in text
    assert judge(parity=tables)["members"][0]["hints"] == [
        "the learning rate is inside the velocity."
    ]


def test_a_hint_is_given_once_as_a_sentence():
    tables = parity("different", "different", "different", hint="this looks like sgd.")
    assert judge(parity=tables)["members"][0]["hints"] == ["this looks like sgd."]
    tables = parity("different", "different", hint="")
    assert judge(parity=tables)["members"][0]["hints"] == []


@pytest.mark.parametrize(
    ("rules", "changes", "because"),
    [
        (parity(), {"design": "independent"}, "because their seeds differ"),
        (parity(), {"design": "paired"}, "because rounding errors grow"),
        (parity(), {"difference": 0.0, "sd": 0.0}, ""),
        (parity(), {"difference": np.nan, "sd": np.nan}, ""),
        (parity("different", "different"), {"design": "independent"}, ""),
        (parity().iloc[:0], {"design": "independent"}, ""),
    ],
)
def test_why_rules_that_are_the_same_differ_in_accuracy(rules, changes, because):
    [found] = judge(parity=rules, equivalence=equivalence(**changes))["members"]
    assert because in found["cause"] and bool(because) == bool(found["cause"])


def test_divergence_is_counted_with_its_iterations():
    text = member(
        final_accuracy=accuracy(2, "12, 40"),
        equivalence=equivalence("diverged", difference=np.nan, level=np.nan),
    )[2]
    assert "2 of 5 runs of ours diverged, at iteration 12, 40." in text
    assert "accuracy is not compared, because some runs diverged" in text and "nan" not in text


def test_without_a_reference_the_means_are_ranked():
    free = {"pair": {"ours": OURS, "theirs": {"optimizer": "torch.optim.SGD", "lr": 1.0}}}
    comparison = judge(free)
    assert comparison["members"] == []
    assert "No variant of this comparison is marked as the reference" in comparison["note"]
    assert "theirs 91.00 %, ours 90.00 %" in comparison["note"]
    ranked = judge(free, pairs=better_by("different"))["note"]
    assert ranked.endswith("theirs is best, tied with none of the others.")


def test_three_variants_are_ranked_beside_their_verdicts():
    three = {"pair": {"ours": OURS, "more": OURS, "theirs": THEIRS}}
    table = pd.concat([equivalence(), equivalence().assign(variant="more")])
    comparison = judge(
        three, equivalence=table, pairs=better_by("equivalent"), final_accuracy=three_accuracies()
    )
    assert len(comparison["members"]) == 2
    assert comparison["note"].endswith("theirs is best, tied with ours.")


def test_a_reference_alone():
    comparison = judge({"pair": {"theirs": THEIRS}})
    assert comparison["members"] == [] and "only the reference, theirs" in comparison["note"]
