"""Mistakes whose effect is small, rare or late, and whether a check finds them, and in which trial.

`make small-mistakes` runs this and writes small_mistakes.md next to this file, with those of
../shared/cases beside, where they are.
"""

import ast
from pathlib import Path

import pandas as pd
import torch

from descent.errors import RuleError
from descent.optimizers.scratch.sgd_momentum import sgd_momentum
from descent.parity import THOROUGH
from descent.parity.check import check
from descent.parity.verdict import CONSTANT, DIFFERENT
from descent.provenance import provenance

HERE = Path(__file__).parent
SHARED = HERE.parents[1] / "shared" / "cases" / "wrong_small.py"
MOMENTUM = {"lr": 0.01, "momentum": 0.9}

#: Name, reference, hyperparameters.
CASES = []


def _case(reference="torch.optim.SGD", **settings):
    def add(rule):
        CASES.append((rule.__name__, reference, settings or MOMENTUM))
        return rule

    return add


def _count(state):
    state["t"] = state.get("t", 0) + 1
    return state["t"]


def _on(change):
    """Make momentum with changed gradients."""

    def rule(parameters, gradients, state, *, lr, momentum):
        sgd_momentum(parameters, change(gradients), state, lr=lr, momentum=momentum)

    return rule


def _each(change):
    return _on(lambda gradients: [change(gradient) for gradient in gradients])


def _clip(gradients):
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    return [gradient * (10 / norm).clamp(max=1) for gradient in gradients]


value_clipped = _each(lambda gradient: gradient.clamp(-1, 1))
norm_clipped = _on(_clip)
nan_replaced = _each(lambda gradient: gradient.nan_to_num(0, torch.inf, -torch.inf))
tiny_flushed = _each(lambda gradient: gradient.masked_fill(gradient.abs() < 1e-10, 0))
rounded_to_float32 = _each(lambda gradient: gradient.float().to(gradient.dtype))
CASES += [
    (name, "torch.optim.SGD", MOMENTUM)
    for name in (
        *("value_clipped", "norm_clipped", "nan_replaced"),
        *("tiny_flushed", "rounded_to_float32"),
    )
]


@_case()
def weights_clamped(parameters, gradients, state, *, lr, momentum):
    """Keep the weights between -3 and 3."""
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)
    for parameter in parameters:
        parameter.clamp_(-3, 3)


@_case()
def forgotten_at_499(parameters, gradients, state, *, lr, momentum):
    """Lose the velocity in iteration 499."""
    if _count(state) == 499:
        state.pop("own")
    sgd_momentum(parameters, gradients, state.setdefault("own", {}), lr=lr, momentum=momentum)


@_case()
def forgotten_at_600(parameters, gradients, state, *, lr, momentum):
    """Lose the velocity in iteration 600."""
    if _count(state) == 600:
        state.pop("own")
    sgd_momentum(parameters, gradients, state.setdefault("own", {}), lr=lr, momentum=momentum)


@_case()
def first_rate_kept(parameters, gradients, state, *, lr, momentum):
    """Keep the learning rate of the first call."""
    kept, own = state.setdefault("lr", lr), state.setdefault("own", {})
    sgd_momentum(parameters, gradients, own, lr=kept, momentum=momentum)


@_case()
def first_momentum_kept(parameters, gradients, state, *, lr, momentum):
    """Keep the momentum of the first call."""
    kept, own = state.setdefault("momentum", momentum), state.setdefault("own", {})
    sgd_momentum(parameters, gradients, own, lr=lr, momentum=kept)


@_case()
def ten_tensors_only(parameters, gradients, state, *, lr, momentum):
    """Update the first ten tensors only."""
    sgd_momentum(parameters[:10], gradients[:10], state, lr=lr, momentum=momentum)


@_case()
def scalars_doubled(parameters, gradients, state, *, lr, momentum):
    """Take twice the step for parameters without dimensions."""
    gradients = [2 * g if g.ndim == 0 else g for g in gradients]
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


@_case()
def lazy_at_zero(parameters, gradients, state, *, lr, momentum):
    """Leave weights and velocity alone where the gradient is 0."""
    if not state:
        state["velocity"] = [torch.zeros_like(p) for p in parameters]
    for p, g, v in zip(parameters, gradients, state["velocity"], strict=True):
        moves = g != 0
        v[moves] = momentum * v[moves] + g[moves]
        p[moves] -= lr * v[moves]


@_case("torch.optim.RMSprop", lr=0.01)
def rate_in_rmsprops_momentum(
    parameters, gradients, state, *, lr=0.01, alpha=0.99, eps=1e-8, momentum=0
):
    """Keep the learning rate in the velocity."""
    if not state:
        for name in ("squares", "velocity"):
            state[name] = [torch.zeros_like(p) for p in parameters]
    for p, g, s, v in zip(parameters, gradients, state["squares"], state["velocity"], strict=True):
        s.mul_(alpha).addcmul_(g, g, value=1 - alpha)
        v.mul_(momentum).add_(lr * g / (s.sqrt() + eps))
        p.sub_(v)


@_case("torch.optim.Adagrad", lr=0.01)
def decay_of_the_rate_miscounted(parameters, gradients, state, *, lr=0.01, lr_decay=0, eps=1e-10):
    """Count the decay of the learning rate from 1, not from 0."""
    t = _count(state)
    sums = state.setdefault("sums", [torch.zeros_like(p) for p in parameters])
    for p, g, s in zip(parameters, gradients, sums, strict=True):
        s.addcmul_(g, g)
        p.sub_(lr / (1 + t * lr_decay) * g / (s.sqrt() + eps))


@_case("torch.optim.Adadelta", lr=1.0)
def rate_in_the_accumulated_update(parameters, gradients, state, *, lr=1.0, rho=0.9, eps=1e-6):
    """Average the squares of updates that contain the learning rate."""
    if not state:
        for name in ("squares", "updates"):
            state[name] = [torch.zeros_like(p) for p in parameters]
    for p, g, s, u in zip(parameters, gradients, state["squares"], state["updates"], strict=True):
        s.mul_(rho).addcmul_(g, g, value=1 - rho)
        update = lr * g * (u + eps).sqrt() / (s + eps).sqrt()
        u.mul_(rho).addcmul_(update, update, value=1 - rho)
        p.sub_(update)


def _adafactor(parameters, gradients, state, *, lr, limit, clip):
    t = _count(state)
    newest, squares = t**-0.8, state.setdefault("squares", {})
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        tiny = torch.finfo(p.dtype).eps
        if p.ndim > 1:
            row, column = squares.setdefault(
                index, (torch.zeros_like(p[..., :1]), torch.zeros_like(p[..., :1, :]))
            )
            row.lerp_((g * g).mean(-1, keepdim=True), newest)
            column.lerp_((g * g).mean(-2, keepdim=True), newest)
            square = row * column / row.mean(-2, keepdim=True).clamp(min=tiny)
        else:
            square = squares.setdefault(index, torch.zeros_like(p)).lerp_(g * g, newest)
        update = g / square.sqrt().clamp(min=tiny)
        size = max(1e-3, p.square().mean().sqrt().item()) * (min(lr, t**-0.5) if limit else lr)
        p.sub_(size * update / (max(1, update.square().mean().sqrt().item()) if clip else 1))


@_case("torch.optim.Adafactor", lr=0.01)
def adafactor_without_clipping(parameters, gradients, state, *, lr=0.01):
    """Leave out the clipping of the update."""
    _adafactor(parameters, gradients, state, lr=lr, limit=True, clip=False)


@_case("torch.optim.Adafactor", lr=0.01)
def adafactor_without_relative_step(parameters, gradients, state, *, lr=0.01):
    """Leave out the limit on the step size."""
    _adafactor(parameters, gradients, state, lr=lr, limit=False, clip=True)


class _Momentum(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    def each(self):
        """Yield the parameters with their state, learning rate and momentum."""
        for group in self.param_groups:
            for parameter in group["params"]:
                yield parameter, self.state[parameter], group["lr"], group["momentum"]


@_case()
class KeepsTheGradient(_Momentum):
    """Use p.grad itself as the velocity."""

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        for p, state, lr, momentum in self.each():
            if p.grad is None:
                continue
            if "velocity" in state:
                state["velocity"].mul_(momentum).add_(p.grad)
            else:
                state["velocity"] = p.grad
            p.sub_(state["velocity"], alpha=lr)


@_case()
class WithoutNoGrad(_Momentum):
    """Track gradients while parameters change."""

    def step(self, closure=None):
        """Take a step."""
        for p, state, lr, momentum in self.each():
            velocity = momentum * state.get("velocity", 0) + p.grad
            state["velocity"] = velocity
            p.sub_(lr * velocity)


@_case()
class MovesWithoutGradient(_Momentum):
    """Move a parameter without a gradient by its velocity."""

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step."""
        for p, state, lr, momentum in self.each():
            gradient = torch.zeros_like(p) if p.grad is None else p.grad
            state["velocity"] = momentum * state.get("velocity", 0) + gradient
            p.sub_(lr * state["velocity"])


def shared():
    """List the cases of ../shared/cases, if they are there: functions with a docstring or not."""
    if not SHARED.exists():
        return []
    tree = ast.parse(SHARED.read_text())
    decorated = [part.name for part in tree.body if getattr(part, "decorator_list", [])]
    return [(SHARED, name, "torch.optim.SGD", MOMENTUM) for name in decorated]


def find(file, name, reference, settings):
    """Check one case, and thoroughly if it passes; return a row of the table."""
    row = {"mistake": name.replace("_", " "), "against": reference}
    for iterations in (500, THOROUGH):
        try:
            report = check(f"{file}:{name}", reference, settings, iterations=iterations)
        except RuleError as error:
            return row | {"verdict": "error", "found in": str(error).partition(": ")[2]}
        trials = report.trials
        wrong = trials.loc[trials["verdict"].isin([CONSTANT, DIFFERENT]), "trial"]
        if not report.passed:
            where = wrong.iloc[0] if len(wrong) else "training"
            if iterations == THOROUGH:
                where += ", --thorough"
            return row | {"verdict": report.verdict, "found in": where}
    return row | {"verdict": report.verdict, "found in": "not found"}


def main():
    """Check all cases and write the table."""
    cases = [(__file__, *case) for case in CASES] + shared()
    rows = pd.DataFrame(find(*case) for case in cases)
    versions = provenance()
    found = (rows["found in"] != "not found").sum()
    page = [
        "# Small, rare and late mistakes",
        f"Made by `make small-mistakes` on {versions['cpu']} with torch {versions['torch']}: "
        f"{found} of {len(rows)} are found, each in the trial named.",
        rows.to_markdown(index=False),
    ]
    (HERE / "small_mistakes.md").write_text("\n\n".join(page) + "\n")


if __name__ == "__main__":
    main()
