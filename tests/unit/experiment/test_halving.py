"""Successive halving: the rungs of a sweep."""

from itertools import pairwise

import pytest

from descent.errors import ConfigurationError
from descent.experiment.halving import budgets, rungs
from sweeping import configure, sgd

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


def test_a_budget_counts_every_run_of_a_sweep():
    members = {"m": sgd(lr=LRS), "fixed": sgd(lr=1)}
    plain = budgets(configure(members, training=TRAINING))
    assert plain == {"m_selected": {"combinations": 9, "runs": 27, "epochs": 540}}
    halving = {"halving": {"epochs": 2, "factor": 3}}
    halved = budgets(configure(members, training=TRAINING, sweeps=halving))
    assert halved == {"m_selected": {"combinations": 9, "runs": 39, "epochs": 168}}


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
