"""Which runs a configuration asks for, and what they are compared with."""

from configurations import MINE, configure
from descent.experiment.plan import (
    drawn,
    marked_references,
    ranked,
    references,
    replayed,
    seed_blocks,
    variants,
)

TORCH = {"optimizer": "torch.optim.SGD", "lr": 1}


def test_variants_are_trained_without_what_says_how_they_are_compared():
    config = configure(comparisons={"a": {"y": MINE, "x": {**TORCH, "reference": True}}})
    assert variants(config) == {"y": MINE, "x": TORCH}
    assert [list(settings) for settings in variants(config).values()] == [["lr", "optimizer"]] * 2


def test_the_settings_of_the_default_experiment():
    """They are parameters of its jobs: whatever is added here makes all its results again."""
    sgd = {"lr": 0.01, "optimizer": "torch.optim.SGD"}
    assert variants(configure()) == {
        "sgd_scratch": {**sgd, "optimizer": "scratch.sgd"},
        "sgd_torch": sgd,
        "momentum_scratch": {**sgd, "momentum": 0.9, "optimizer": "scratch.sgd_momentum"},
        "momentum_torch": {**sgd, "momentum": 0.9},
    }


def test_a_comparison_with_a_reference_holds_the_others_against_it():
    marked = {"x": MINE, "reference": {**TORCH, "reference": True}, "b": MINE}
    config = configure(comparisons={"with": marked, "without": {"y": MINE, "z": TORCH}})
    assert references(config) == {"with": ("reference", ["b", "x"])}
    assert marked_references(marked) == ["reference"]


def test_the_replay_has_the_reference_first_and_may_have_a_schedule_of_its_own():
    own, only_there = ({"name": "StepLR", "step_size": size} for size in (3, 250))
    members = {
        "ours": MINE,
        "scheduled": {**MINE, "lr_scheduler": own},
        "theirs": {**TORCH, "reference": True},
        "swept": {**TORCH, "lr": [0.1, 1]},
    }
    settings = {"comparisons": {"c": members}, "training": {"validation_fraction": 0.1}}
    config = configure(**settings)
    as_trained = {name: variants(config)[name] for name in ("theirs", "ours", "scheduled")}
    assert replayed(config) == {"c": as_trained}
    assert list(replayed(config)["c"]) == list(as_trained)
    members = replayed(configure(**settings, parity={"lr_scheduler": only_there}))["c"]
    schedules = {name: members[name]["lr_scheduler"] for name in members}
    assert schedules == {"theirs": only_there, "ours": only_there, "scheduled": own}
    swept = {"s": {**TORCH, "lr": [0.1, 1], "reference": True}, "x": MINE}
    assert replayed(configure(**settings | {"comparisons": {"c": swept}})) == {}


def test_all_pairs_are_compared_where_a_reference_leaves_any_out():
    reference = {**TORCH, "reference": True}
    config = configure(
        comparisons={
            "pair": {"a": MINE, "b": reference},
            "three": {"e": MINE, "d": MINE, "c": reference},
            "free": {"g": MINE, "f": TORCH},
            "alone": {"h": MINE},
        }
    )
    assert ranked(config) == {"three": ["c", "d", "e"], "free": ["f", "g"]}
    assert ranked(configure()) == {}


def test_landscapes_draw_what_no_sweep_selects_in_the_order_of_the_configuration():
    swept = {**TORCH, "lr": [0.1, 1]}
    config = configure(
        comparisons={"a": {"y": MINE, "s": swept, "x": TORCH}, "b": {"only": swept}},
        training={"validation_fraction": 0.1},
    )
    assert drawn(config) == {"a": {"y": MINE, "x": TORCH}}
    assert list(drawn(config)["a"]) == ["y", "x"]


def test_seeds_are_split_in_their_order():
    assert seed_blocks(configure()["seeds"], 2) == [[0, 1], [2, 3], [4]]
    assert seed_blocks([5, 3], 5) == [[5, 3]]
