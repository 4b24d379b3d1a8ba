"""Successive halving: the rungs of a sweep, and what goes on from one to the next."""

from itertools import pairwise

import pytest

from descent.analysis.selection import follow, select
from descent.errors import ConfigurationError, SelectionError
from descent.experiment.halving import rungs
from sweeping import COMBINATIONS, configure, runs, sgd

LRS = [0.1 * 0.5**index for index in range(9)]
TRAINING = {"epochs": 20, "validation_fraction": 0.1}


def lay_out(lrs, epochs, factor, **training):
    config = configure(
        {"m": sgd(lr=lrs)},
        training=TRAINING | training,
        sweeps={"halving": {"epochs": epochs, "factor": factor}},
    )
    return rungs(config)


@pytest.mark.parametrize(
    ("n", "epochs", "factor", "sizes"),
    [
        (9, 2, 3, [(9, 2), (3, 6), (1, 20)]),  # (combinations, epochs)
        (9, 2, 2, [(9, 2), (5, 4), (3, 8), (2, 20)]),
        (8, 5, 4, [(8, 5), (2, 20)]),
        (4, 2, 10, [(4, 2), (1, 20)]),
        (2, 1, 2, [(2, 1), (1, 20)]),
        (1, 2, 3, [(1, 20)]),
        (4, 6, 3, [(4, 6), (2, 20)]),
    ],
)
def test_each_rung_keeps_the_best_and_trains_them_for_longer(n, epochs, factor, sizes):
    laid_out = list(lay_out(LRS[:n], epochs, factor).values())
    assert [(len(rung.variants), rung.epochs) for rung in laid_out] == sizes
    assert [rung.number for rung in laid_out] == list(range(1, len(sizes) + 1))
    assert sum(size[1] for size in sizes[:-1]) < 20 / (factor - 1)
    for rung, following in pairwise(laid_out):
        assert rung.followers == following.variants
    assert laid_out[-1].followers == ["m_selected"]


def test_names_of_rungs():
    laid_out = lay_out([0.1, 0.2, 0.3], 5, 2)
    assert list(laid_out) == ["m_rung_1", "m_rung_2", "m_selected"]
    assert laid_out["m_rung_1"].variants == ["m_lr_0.1", "m_lr_0.2", "m_lr_0.3"]
    assert laid_out["m_rung_1"].followers == ["m_rung_2_1", "m_rung_2_2"]


def test_without_halving_there_is_one_rung():
    [rung] = rungs(configure({"m": sgd(lr=[0.1, 0.2]), "fixed": sgd(lr=1)})).values()
    assert (rung.variants, rung.epochs) == (["m_lr_0.1", "m_lr_0.2"], 20)


@pytest.mark.parametrize(
    ("halving", "said"),
    [
        ({"epochs": 2, "factor": 1}, "sweeps.halving.factor: 1 must be at least 2"),
        ({"epochs": 0, "factor": 3}, "sweeps.halving.epochs: 0 must be at least 1"),
        ({"epochs": 20, "factor": 3}, "sweeps.halving.epochs: 20 is too many"),
        ({"epochs": 7, "factor": 3}, "sweeps.halving.epochs: 7 is too many"),
        ({"epochs": 2}, "sweeps.halving.factor: missing"),
        (3, "sweeps.halving: 3 must be of type object, null"),
    ],
)
def test_wrong_halving_is_said_in_one_line(halving, said):
    with pytest.raises(ConfigurationError) as error:
        configure({"m": sgd(lr=[0.1, 1])}, sweeps={"halving": halving})
    [line] = str(error.value).splitlines()
    assert line.startswith(said)


def test_halving_needs_validation_images_and_names_of_its_own():
    with pytest.raises(ConfigurationError, match=r"^comparisons\.c\.m\.lr: a list is a sweep"):
        lay_out([0.1, 1], 2, 3, validation_fraction=0)
    with pytest.raises(ConfigurationError, match=r"^comparisons: m_rung_2_1 is also the name of"):
        configure(
            {"m": sgd(lr=[0.1, 1]), "m_rung_2_1": sgd(lr=1)},
            sweeps={"halving": {"epochs": 2, "factor": 3}},
        )


def test_the_best_go_on_under_the_names_of_places():
    finals = runs(a=[(0.8, 1)], b=[(0.9, 2)], c=[(0.9, 1)])
    table = select(finals, {}, COMBINATIONS, ["place_1", "place_2"]).set_index("combination")
    assert table["selected_as"].dropna().to_dict() == {"b": "place_2", "c": "place_1"}
    assert follow(table.reset_index(), COMBINATIONS, "x_selected") == {
        "place_1": {"variant": "c", "settings": COMBINATIONS["c"]},
        "place_2": {"variant": "b", "settings": COMBINATIONS["b"]},
    }


def test_a_later_rung_has_only_what_was_kept():
    table = select(runs(c=[(0.8, 1)], a=[(0.9, 2)]), {}, COMBINATIONS, ["x_selected"])
    assert table["combination"].tolist() == ["a", "c"]
    assert table["hyperparameters"].tolist() == ["lr = 1", "lr = 3"]
    assert follow(table, COMBINATIONS, "x_selected") == {
        "x_selected": {"variant": "x_selected", "settings": COMBINATIONS["a"]}
    }


def test_diverged_combinations_are_dropped_first():
    finals = runs(a=[(0.99, 0.1), (0.99, 0.1)], b=[(0.1, 9), (0.1, 9)], c=[(0.2, 8), (0.2, 8)])
    table = select(finals, {("a", 1): 7}, COMBINATIONS, ["place_1", "place_2"])
    assert table["selected_as"].fillna("").tolist() == ["", "place_2", "place_1"]
    # too few are left to fill the places: a diverged one comes last
    diverged = {("a", 1): 7, ("b", 0): 3, ("b", 1): 3}
    table = select(finals, diverged, COMBINATIONS, ["place_1", "place_2"])
    assert table["selected_as"].fillna("").tolist() == ["place_2", "", "place_1"]
    with pytest.raises(SelectionError, match="runs of every combination diverged: a, b, c"):
        select(finals, {**diverged, ("c", 0): 1}, COMBINATIONS, ["place_1", "place_2"])
