"""What stands for a rule in a worker leads to the same report as the rule itself."""

import pytest

from descent.grading.isolation import check_isolated
from descent.parity.check import check
from submitted import CLASS, DONE, RIGHT, SETTINGS

GLOBAL = """\
velocities = {}


def momentum(parameters, gradients, state, *, lr, momentum):
    for index, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        velocities[index] = momentum * velocities.get(index, 0) + gradient
        parameter.sub_(lr * velocities[index])
"""
KEEPS_GRADIENT = """\
import torch


class momentum(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum, betas=(0.5, 0.25)):
        super().__init__(params, dict(lr=lr, momentum=momentum, betas=betas))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            assert isinstance(group["betas"], tuple)
            for p in group["params"]:
                if p.grad is not None:
                    if "v" not in self.state[p]:
                        self.state[p]["v"] = p.grad
                    else:
                        self.state[p]["v"] = group["momentum"] * self.state[p]["v"] + p.grad
                    p.sub_(group["lr"] * self.state[p]["v"])
"""
CASES = {
    "right": RIGHT,
    "elementwise": "ELEMENTWISE = True\n" + RIGHT,
    "class": CLASS,
    "class that changes p.grad": CLASS.replace("p.sub_(", f"p.grad.mul_(2)\n{' ' * 20}p.sub_("),
    "class that keeps p.grad": KEEPS_GRADIENT,
    "global variable": GLOBAL,
    "other form": DONE["returns.py"][0],
}


#: Those that pass, or differ late, take all trials, twice, which is seconds.
LONG = {
    *("right", "elementwise", "other form"),
    *("class", "class that changes p.grad", "class that keeps p.grad"),
}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(source, id=name, marks=pytest.mark.slow if name in LONG else ())
        for name, source in CASES.items()
    ],
)
def test_the_report_is_the_same(tmp_path, forked, source):
    file = tmp_path / "ada.py"
    file.write_text(source)
    rule = f"{file}:momentum"
    reports = [
        check(rule, "torch.optim.SGD", SETTINGS, iterations=20),
        check_isolated(rule, "torch.optim.SGD", SETTINGS, iterations=20, unsandboxed=True),
    ]
    here, there = ({**report.to_dict(), "title": ""} for report in reports)
    assert there == here
