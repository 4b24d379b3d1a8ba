"""A check with schedule, clipping and groups, as a variant of a configuration has them."""

import pytest
import torch

import descent
from descent import cli
from descent.errors import DescentError, RuleError
from descent.optimizers.groups import names_of
from descent.parity.regime import check_regime

SGD = {"lr": 0.1, "momentum": 0.9, "iterations": 60}
FULL = {
    "lr_scheduler": [
        {
            "name": "LinearLR",
            "start_factor": 0.1,
            "total_iters": 5,
            "per": "iteration",
            "epochs": 1,
        },
        {"name": "ChainedScheduler", "schedulers": [{"name": "StepLR", "step_size": 2}]},
    ],
    "gradient_clipping": {"norm": 1.0},
    "groups": [{"parameters": ["b*"], "lr": 0.01}],
}


def momentum(parameters, gradients, state, *, lr, momentum):
    """Right in whatever training."""
    if not state:
        state["velocity"] = [torch.zeros_like(parameter) for parameter in parameters]
    for parameter, gradient, velocity in zip(parameters, gradients, state["velocity"], strict=True):
        velocity.mul_(momentum).add_(gradient)
        parameter.sub_(lr * velocity)


def clipped(parameters, gradients, state, *, lr, momentum):
    """Clip the gradients, as torch does before the step."""
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    scale = min(1.0, 1.0 / (norm.item() + 1e-6))
    step(parameters, [scale * gradient for gradient in gradients], state, lr, momentum)


def clipped_after(parameters, gradients, state, *, lr, momentum):
    """Clip the velocity, not the gradients: a different rule from the second step on."""
    if not state:
        state["velocity"] = [torch.zeros_like(parameter) for parameter in parameters]
    for gradient, velocity in zip(gradients, state["velocity"], strict=True):
        velocity.mul_(momentum).add_(gradient)
    norm = torch.stack([velocity.norm() for velocity in state["velocity"]]).norm()
    scale = min(1.0, 1.0 / (norm.item() + 1e-6))
    for parameter, velocity in zip(parameters, state["velocity"], strict=True):
        parameter.sub_(lr * scale * velocity)


def clipped_without_epsilon(parameters, gradients, state, *, lr, momentum):
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    scale = min(1.0, 1.0 / norm.item())
    step(parameters, [scale * gradient for gradient in gradients], state, lr, momentum)


def step(parameters, gradients, state, lr, mu):
    momentum(parameters, gradients, state, lr=lr, momentum=mu)


@pytest.mark.parametrize(
    "rule", [momentum, pytest.param("torch.optim.SGD", marks=pytest.mark.slow)]
)
def test_a_right_rule_is_right_with_schedule_clipping_and_groups(rule):
    report = descent.check(rule, "torch.optim.SGD", **SGD, **FULL)
    assert report
    [note] = [text for text in report.remarks if "in training only" in text]
    assert note.startswith("lr_scheduler and groups in training only; the trials")


@pytest.mark.parametrize("left_out", FULL)
def test_each_of_the_three_is_applied(left_out):
    rest = {key: value for key, value in FULL.items() if key != left_out}
    short = SGD | {"iterations": 10}
    report = descent.check(momentum, "torch.optim.SGD", **short, set_rule=FULL, set_reference=rest)
    assert report.verdict == "different" and report.begins.startswith("iteration 1,")


@pytest.mark.slow
def test_a_rule_that_clips_is_compared_with_a_reference_that_is_clipped_outside():
    clipping = {"gradient_clipping": {"norm": 1}}
    assert descent.check(clipped, "torch.optim.SGD", **SGD, set_reference=clipping)
    report = descent.check(clipped, "torch.optim.SGD", **SGD)
    assert report.hints == [
        "this is the reference with gradients that are clipped at norm 1.0; to compare the two, "
        "clip the reference's as well, with --set-reference 'gradient_clipping={norm: 1.0}'"
    ]
    other = descent.check(clipped_after, "torch.optim.SGD", **SGD, set_reference=clipping)
    assert other.verdict == "different"
    report = descent.check(
        clipped_without_epsilon, "torch.optim.SGD", **SGD, set_reference=clipping
    )
    assert report.hints == [
        "the gradients are clipped without the 1e-6 that torch.nn.utils.clip_grad_norm_ adds to "
        "their norm"
    ]


def test_a_mistake_is_named_while_both_are_clipped():
    def forgetful(parameters, gradients, state, *, lr, momentum):
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.sub_(lr * gradient)

    report = descent.check(forgetful, "torch.optim.SGD", **SGD, gradient_clipping={"norm": 0.5})
    assert "there is no momentum" in report.hints[0]


def test_the_command_takes_them_as_hyperparameters(one_trial, tmp_path, capsys):
    rule = tmp_path / "my_rules.py"
    rule.write_text(
        "def sgd(parameters, gradients, state, *, lr):\n"
        "    for p, g in zip(parameters, gradients):\n"
        "        p.sub_(lr * g)\n"
    )
    arguments = ["check", f"{rule}:sgd", "--against", "torch.optim.SGD", "--iterations", "20"]
    arguments += ["--set", "lr=0.1", "--set", "gradient_clipping={value: 1e-2}"]
    assert cli.main([*arguments, "--set", "groups=[{parameters: [b*, W0], lr: 0.3}]"]) == 0
    schedule = "lr_scheduler={name: StepLR, per: iteration, step_size: 9, gamma: 1e-1}"
    assert cli.main([*arguments, "--set", schedule]) == 0
    assert cli.main([*arguments, "--set-rule", schedule]) == 1
    capsys.readouterr()
    assert cli.main([*arguments, "--set", "lr_scheduler={name: StepLR}"]) == 2
    said = "descent: lr_scheduler.step_size: missing; StepLR needs step_size\n"
    assert capsys.readouterr().err == said


STEP = {"name": "StepLR", "step_size": 2}


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"gradient_clipping": 1.0}, "gradient_clipping: 1.0: give {norm: 1.0} or {value: 0.5}"),
        ({"gradient_clipping": {"norm": 1, "value": 1}}, "gradient_clipping: {'norm': 1, 'value'"),
        ({"gradient_clipping": {"nrm": 1}}, "gradient_clipping: {'nrm': 1}: give {norm: 1.0} or"),
        ({"gradient_clipping": {"norm": -1}}, "gradient_clipping.norm: -1 must be a number great"),
        ({"gradient_clipping": {"norm": "1"}}, "gradient_clipping.norm: '1' must be a number"),
        ({"gradient_clipping": {"norm": float("nan")}}, "gradient_clipping.norm: nan must be a"),
        ({"gradient_clipping": {"value": True}}, "gradient_clipping.value: True must be a"),
        ({"groups": {"parameters": ["b*"]}}, "groups: {'parameters': ['b*']}: give a list"),
        ({"groups": [{"lr": 1}]}, "groups.0.parameters: give a list of names, such as [b*]"),
        ({"groups": [{"parameters": "b*", "lr": 1}]}, "groups.0.parameters: give a list of names"),
        ({"groups": [{"parameters": ["b*"]}]}, "groups.0: name a hyperparameter, such as"),
        ({"groups": [{"parameters": ["b*"], "rho": 1}]}, "groups.0.rho: there is no hyperparam"),
        ({"groups": [{"parameters": ["c*"], "lr": 1}]}, "groups.0.parameters: c* matches none of"),
        ({"lr_scheduler": "StepLR"}, "lr_scheduler: 'StepLR': give {name: StepLR, step_size: 30}"),
        ({"lr_scheduler": []}, "lr_scheduler: []: give {name: StepLR, step_size: 30}"),
        ({"lr_scheduler": {"name": "LambdaLR"}}, "lr_scheduler.name: 'LambdaLR': one of Constan"),
        ({"lr_scheduler": {"name": "StepLR"}}, "lr_scheduler.step_size: missing; StepLR needs"),
        ({"lr_scheduler": STEP | {"step_size": 0}}, "lr_scheduler: an option has an impossible v"),
        (
            {"lr_scheduler": STEP | {"gamma": "a"}},
            "lr_scheduler: an option has an impossible v",
        ),
        ({"lr_scheduler": STEP | {"gamma": -1}}, "lr_scheduler: the learning rate of iteration 21"),
        ({"lr_scheduler": STEP | {"per": "batch"}}, "lr_scheduler.per: 'batch': epoch or iterat"),
        (
            {"lr_scheduler": {"name": "CosineAnnealingLR", "T_max": 0}},
            "lr_scheduler: an option has an impossible value: ",
        ),
        (
            {"lr_scheduler": {"name": "LinearLR", "end_factor": -1.0, "total_iters": 4}},
            "lr_scheduler: the learning rate of iteration 21 would be -0.1",
        ),
        (
            {"lr_scheduler": {"name": "ChainedScheduler", "schedulers": 3}},
            "lr_scheduler.schedulers: 3: give a list of schedulers",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_in_one_line_with_its_key(training, said):
    with pytest.raises(DescentError) as error:
        check_regime(training, {"lr": 0.3, "momentum": 0}, names_of(3), 60, 10)
    assert str(error.value).startswith(said) and "\n" not in str(error.value)


def test_a_schedule_needs_a_rate_to_change():
    with pytest.raises(DescentError, match=r"^lr_scheduler: needs an lr beside it"):
        check_regime({"lr_scheduler": STEP}, {"alpha": 1}, names_of(3), 60, 10)


def test_a_class_without_a_rate_in_its_groups_follows_no_schedule():
    class Own(torch.optim.Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {})
            self.lr = lr

        @torch.no_grad()
        def step(self, closure=None):
            for parameter in self.param_groups[0]["params"]:
                parameter -= self.lr * parameter.grad

    with pytest.raises(RuleError, match="Own: lr_scheduler needs an lr in the param_groups"):
        descent.check(Own, torch.optim.SGD, lr=0.1, lr_scheduler=STEP)
