"""What a JSON schema cannot express: whether the parts of a configuration fit together."""

import pytest

from configurations import MINE, refusal, variant
from descent.errors import ConfigurationError
from sweeping import configure, sgd


@pytest.mark.parametrize(
    ("overrides", "path", "said"),
    [
        (variant(optimizer="scratch.sgd", lr=float("nan")), "comparisons.mine.x.lr", "finite"),
        (variant(optimizer="scratch.sdg", lr=1), "comparisons.mine.x.optimizer", "scratch.sgd?"),
        (variant(optimizer="os.system", lr=1), "comparisons.mine.x.optimizer", "unknown"),
        (variant(optimizer="torch.optim.SDG"), "comparisons.mine.x.optimizer", "optim.<Class>"),
        (variant(optimizer="scratch.sgd"), "comparisons.mine.x.lr", "missing; scratch.sgd needs"),
        (
            variant(optimizer="scratch.sgd", lr=1, momentum=0.9),
            "comparisons.mine.x.momentum",
            "scratch.sgd takes no momentum here; it takes lr",
        ),
        (
            variant(optimizer="torch.optim.SGD", lr=1, momentun=0.9),
            "comparisons.mine.x.momentun",
            "it takes lr, momentum, dampening, weight_decay, nesterov",
        ),
        (variant(optimizer="torch.optim.LBFGS"), "comparisons.mine.x.optimizer", "a closure"),
        (variant(optimizer="torch.optim.Optimizer"), "comparisons.mine.x.optimizer", "unknown"),
        (variant(optimizer="torch.optim.Adam", differentiable=True),
            "comparisons.mine.x.differentiable", "takes no"),
        (variant(optimizer="torch.optim.SGD", fused=True), "comparisons.mine.x.fused", "takes no"),
        (
            {"comparisons": {"a": {"x": MINE}, "b": {"x": MINE}}},
            "comparisons.b.x",
            "x is also a variant of a",
        ),
        (
            {"comparisons": {"sgd": {"sgd_scratch": {"reference": True}}}},
            "comparisons.sgd",
            "a comparison can have only one",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_one_line(overrides, path, said):
    line = refusal(overrides)
    assert line.startswith(f"{path}: ") and said in line


def test_halving_needs_validation_images_and_names_of_its_own():
    with pytest.raises(ConfigurationError, match=r"^comparisons\.c\.m\.lr: a list is a sweep"):
        configure(
            {"m": sgd(lr=[0.1, 1])},
            training={"validation_fraction": 0},
            sweeps={"halving": {"epochs": 2, "factor": 3}},
        )
    with pytest.raises(ConfigurationError, match=r"^comparisons: m_rung_2_1 is also the name of"):
        configure(
            {"m": sgd(lr=[0.1, 1]), "m_rung_2_1": sgd(lr=1)},
            sweeps={"halving": {"epochs": 2, "factor": 3}},
        )


def test_selection_needs_validation_images_and_fresh_seeds():
    with pytest.raises(
        ConfigurationError, match=r"^comparisons\.c\.m\.lr: a list is a sweep"
    ) as error:
        configure({"m": sgd(lr=[0.1, 1])}, training={})
    assert "training.validation_fraction" in str(error.value)
    with pytest.raises(ConfigurationError, match=r"^sweeps\.seeds: 3 is also in seeds"):
        configure({"m": sgd(lr=[0.1, 1])}, sweeps={"seeds": [3, 9]})
