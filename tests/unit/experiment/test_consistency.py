"""What a JSON schema cannot express: whether the parts of a configuration fit together."""

import pytest

from configurations import MINE, refusal, resolve, variant
from descent.errors import ConfigurationError
from descent.experiment.sweeps import sweeps
from sweeping import configure, sgd

COSINE = {"name": "CosineAnnealingLR", "T_max": 20}


def regime(**keys):
    return variant(optimizer="torch.optim.SGD", lr=0.1, **keys)


def group(**keys):
    return regime(groups=[{"parameters": ["b*"], **keys}])


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
            variant(optimizer="no_package:Lion"),
            "comparisons.mine.x.optimizer",
            "no_package is not installed; run: pip install no_package",
        ),
        (
            {
                "comparisons": {
                    "a": {
                        name: {"optimizer": f"{package}:Lion"}
                        for name, package in (("x", "none"), ("y", "no_package"), ("z", "none"))
                    }
                }
            },
            "comparisons",
            "none and no_package are not installed; run: pip install none no_package",
        ),
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


@pytest.mark.parametrize(
    ("overrides", "key", "said"),
    [
        (regime(lr_scheduler="StepLR"), "lr_scheduler", "must be of type object, array"),
        (regime(lr_scheduler={"name": "CosineLR"}), "lr_scheduler.name", "CosineAnnealingLR"),
        (regime(lr_scheduler={"name": "StepLR"}), "lr_scheduler.step_size", "missing"),
        (regime(lr_scheduler={**COSINE, "gamma": 1}), "lr_scheduler.gamma", "takes no gamma"),
        (regime(lr_scheduler={**COSINE, "T_max": 0}), "lr_scheduler.T_max", "at least 1"),
        (regime(lr_scheduler={**COSINE, "eta_min": -1}), "lr_scheduler.eta_min", "at least 0"),
        (
            regime(lr_scheduler={"name": "LinearLR", "end_factor": -0.1}),
            "lr_scheduler.end_factor",
            "at least 0",
        ),
        (
            regime(lr_scheduler={"name": "ExponentialLR", "gamma": -0.5}),
            "lr_scheduler.gamma",
            "-0.5 must be at least 0",
        ),
        (regime(lr_scheduler=[COSINE, COSINE]), "lr_scheduler.0", "say how long it lasts"),
        (regime(lr_scheduler={"name": "ReduceLROnPlateau"}), "lr_scheduler.name", "OneCycleLR"),
        (
            regime(lr_scheduler={"name": "MultiStepLR", "milestones": [8, 3]}),
            "lr_scheduler.milestones",
            "[8, 3] is out of order",
        ),
        (
            regime(
                lr_scheduler={"name": "ChainedScheduler", "schedulers": [{**COSINE, "T_max": 0}]}
            ),
            "lr_scheduler.schedulers.0.T_max",
            "at least 1",
        ),
        (
            regime(lr_scheduler={"name": "ExponentialLR", "gamma": 1e30}),
            "lr_scheduler",
            "the learning rate of epoch 3 would be inf",
        ),
        (
            variant(optimizer="torch.optim.Adam", lr_scheduler=COSINE),
            "lr_scheduler",
            "needs an lr beside it",
        ),
        (regime(gradient_clipping={"norm": 0}), "gradient_clipping.norm", "greater than 0"),
        (regime(gradient_clipping={"norm": -1}), "gradient_clipping.norm", "greater than 0"),
        (regime(gradient_clipping={"value": "one"}), "gradient_clipping.value", "type number"),
        (regime(gradient_clipping="norm"), "gradient_clipping", "must be of type object"),
        (regime(gradient_clipping={"nrm": 1}), "gradient_clipping.nrm", "did you mean norm?"),
        (regime(gradient_clipping={}), "gradient_clipping", "must not be empty"),
        (regime(gradient_clipping={"norm": 1, "value": 1}), "gradient_clipping", "Either"),
        (regime(groups=[{"parameters": ["c*"], "lr": 1}]), "groups.0.parameters", "c* matches"),
        (regime(groups=[{"parameters": ["W3"], "lr": 1}]), "groups.0.parameters", "W2, b2"),
        (regime(groups=[{"lr": 1}]), "groups.0.parameters", "missing"),
        (group(), "groups.0", "name a hyperparameter, such as weight_decay: 0"),
        (group(lr=-1), "groups.0.lr", "at least 0"),
        (group(weight_decai=0), "groups.0.weight_decai", "takes no weight_decai"),
        (group(weight_decay=[0, 0.1]), "groups.0.weight_decay", "a group takes no sweep"),
    ],
)
def test_what_training_does_with_a_variant_is_checked(overrides, key, said):
    line = refusal(overrides)
    assert line.startswith(f"comparisons.mine.x.{key}: ") and said in line


def test_a_schedule_and_groups_that_fit_are_kept_and_no_sweeps():
    both = [{"name": "LinearLR", "epochs": 2}, {**COSINE, "per": "iteration"}]
    keys = {"lr_scheduler": both, "groups": [{"parameters": ["W0", "b*"], "betas": [0.8, 0.9]}]}
    optimizer = {"optimizer": "torch.optim.Adam", "lr": [0.1, 1]}
    config = configure({"m": {**optimizer, **keys}})
    combinations = sweeps(config)["m_selected"]
    assert list(combinations) == ["m_lr_0.1", "m_lr_1"]
    assert all(settings.items() >= keys.items() for settings in combinations.values())


HALVED = {"name": "StepLR", "per": "iteration", "step_size": 250, "gamma": 0.5}


def replaying(scheduler, **members):
    return {"comparisons": {"pair": members}, "parity": {"lr_scheduler": scheduler}}


def test_the_schedule_of_the_replay_is_checked_like_that_of_a_variant():
    theirs = {**MINE, "reference": True}
    growing = {"name": "ExponentialLR", "gamma": 1e7, "per": "iteration"}
    for scheduler, said in (
        ("halved", "lr_scheduler: 'halved' must be of type object, array, null"),
        ({"name": "StepLR"}, "lr_scheduler.step_size: missing; StepLR needs step_size (for y)"),
        (growing, "lr_scheduler: the learning rate of iteration 6 would be inf; "),
    ):
        assert refusal(replaying(scheduler, x=MINE, y=theirs)).startswith(f"parity.{said}")
    line = refusal(replaying(HALVED, x={"optimizer": "torch.optim.Adam"}, y=theirs))
    assert line == "parity.lr_scheduler: needs an lr beside it, which it changes (for x)"
    for fits in (HALVED, [HALVED | {"iterations": 5}, COSINE], None):
        resolve(replaying(fits, x={**MINE, "lr_scheduler": COSINE}, y=theirs))


def test_the_former_key_says_what_to_write_now():
    for value in ("halved", "constant"):
        assert refusal({"parity": {"lr_schedule": value}}) == (
            "parity.lr_schedule: is now parity.lr_scheduler: leave it out for constant, and for "
            "halved write {name: StepLR, per: iteration, step_size: 250, gamma: 0.5}"
        )


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
