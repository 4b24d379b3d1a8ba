import pytest

from descent.counterparts.matching import is_off, match


@pytest.mark.parametrize(
    ("source", "target", "found"),
    [
        (["lr", "betas"], ["betas", "lr"], [("lr", "lr", "lr"), ("betas", "betas", "betas")]),
        (["learning_rate"], ["lr"], [("learning_rate", "lr", "lr")]),
        (
            ["alpha", "momentum"],
            ["decay", "momentum"],
            [("alpha", "decay", "alpha"), ("momentum", "momentum", "momentum")],
        ),
        (
            ["rho", "momentum"],
            ["momentum", "decay"],
            [("rho", "decay", "alpha"), ("momentum", "momentum", "momentum")],
        ),
        (["rho"], ["decay", "beta2"], []),  # either could be meant
        (["weight_decay"], ["wd"], [("weight_decay", "wd", "weight_decay")]),
        (["amsgrad"], ["nesterov"], []),
    ],
)
def test_hyperparameters_that_mean_the_same(source, target, found):
    assert match(source, target) == found


def test_what_is_off():
    assert all(map(is_off, (None, False, 0, 0.0)))
    assert not any(map(is_off, (True, 0.1, "auto", (0.9, 0.99))))
