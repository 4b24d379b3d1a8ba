"""Hold a training loop, as it is, against a reference: every step, from the same gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

from descent.errors import DifferentStepError, UsageError
from descent.parity.closeness import Closeness
from descent.parity.reference import Reference
from descent.parity.shadow_report import NOTHING, ShadowReport, describe, largest_difference
from descent.parity.targets import OfOptimizer, OfParameters, check_tensors, describe_change
from descent.parity.verdict import (
    DIFFERENT,
    ENVELOPE,
    EQUAL,
    IDENTICAL,
    LESS_ACCURATE,
    NO_ENVELOPE,
    WIDE_ENVELOPE,
)
from descent.parity.watch import Watch, gradient_of

_ENVELOPES = [NO_ENVELOPE, ENVELOPE, WIDE_ENVELOPE]


def shadow(
    parameters: torch.nn.Module
    | Mapping[str, torch.Tensor]
    | Iterable[torch.Tensor]
    | torch.optim.Optimizer,
    against: str | Callable[..., Any] | None = None,
    *,
    follow: str = "reference",
    every: int = 1,
    strict: bool = False,
    **hyperparameters: Any,
) -> Shadow:
    """Hold the steps of a training loop against those of a reference.

    The loop stays as it is. Its update goes into a with-block; a reference steps beside it on
    copies of the parameters, from the gradients that are there when the block begins. The steps of
    a `torch.optim.Optimizer` need no block: they are seen wherever they happen.

    Parameters
    ----------
    parameters : torch.nn.Module, dict, list or torch.optim.Optimizer
        What the loop updates: a model, tensors by name, or a list of them; or an optimizer.
    against : str or callable, optional
        The reference: a class of optimizers, a function
        `rule(parameters, gradients, state, *, lr, ...)`, or a text such as "torch.optim.SGD",
        "scratch.adam" or "file.py:rule". An optimizer is by default held against the plain form of
        its own class: no `foreach`, no `fused`.
    follow : str
        Where the reference goes on after each step: from its own parameters ("reference"), so that
        small differences add up, or from the loop's ("user"), so that each step is judged alone.
    every : int
        Compare only each n-th step, beginning with the first. The reference takes all of them.
    strict : bool
        Whether the first difference is raised at once, as an exception.
    **hyperparameters
        Of the reference. `lr` may be a number, a function of the number of steps done, or an
        optimizer, in whose groups it is read when a step begins. If `parameters` is an optimizer,
        what is given here takes the place of what its groups have.

    Returns
    -------
    Shadow
        `report()` says what was found; `close()` ends the observation.

    Raises
    ------
    DescentError
        If the parameters or the reference cannot be used; within the loop, if a step cannot be
        compared, or differs and `strict` is set.

    Examples
    --------
    >>> import descent, torch
    >>> w = torch.ones(3, requires_grad=True)
    >>> shadow = descent.shadow({"w": w}, torch.optim.SGD, lr=0.1)
    >>> for _ in range(5):
    ...     (w**2).sum().backward()
    ...     with shadow, torch.no_grad():
    ...         w -= 0.1 * w.grad
    ...         w.grad = None
    >>> report = shadow.report()
    >>> report.passed, report.steps
    (True, 5)
    """
    if follow not in ("reference", "user"):
        raise UsageError(f'follow: "reference" or "user", not {follow!r}')
    if type(every) is not int or every < 1:
        raise UsageError(f"every: a whole number from 1 on, not {every!r}")
    is_optimizer = isinstance(parameters, torch.optim.Optimizer)
    target = (OfOptimizer if is_optimizer else OfParameters)(parameters, against, hyperparameters)
    found = Shadow(target, adopts=follow == "user", every=every, strict=strict)
    if is_optimizer:
        found._attach(parameters)
    return found


class Shadow:
    """A reference that steps beside a training loop; made by `shadow`.

    Parameters
    ----------
    target : descent.parity.targets.OfParameters or OfOptimizer
    adopts : bool
        Whether the reference takes over the parameters of the loop after each step.
    every : int
    strict : bool
        See `shadow`.
    """

    def __init__(self, target, *, adopts, every, strict):
        self._target, self._adopts, self._every, self._strict = target, adopts, every, strict
        self._shapes = None
        self._steps = self._compared = 0
        tensors = self._find()
        groups = [list(group.values()) for group in target.find()]
        reference = Reference(target.contender, groups, target.settings(0))
        self._closeness = Closeness(reference, accumulates=not adopts)
        self._watch, self._hooks = Watch(tensors), []
        self._begun = self._first = None
        self._identical, self._is_over = True, False
        self._envelope = NO_ENVELOPE
        self._largest = {"share": 0.0, "step": 0, "tensor": ""}

    def _find(self):
        """Find the parameters again, by name, and check that they are the same ones."""
        tensors = {}
        for group in self._target.find():
            tensors |= group
        if self._shapes is None:
            check_tensors(tensors)
        shapes = {name: (each.shape, each.dtype, each.device) for name, each in tensors.items()}
        if self._shapes not in (None, shapes):
            changes = describe_change(self._shapes, shapes)
            raise UsageError(
                f"parameters: {changes} after step {self._steps}; begin a new shadow there"
            )
        self._shapes = shapes
        return tensors

    def __enter__(self):
        if self._hooks:
            raise UsageError(
                "shadow: it sees every step of its optimizer; leave the with-block out"
            )
        self._begin()
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None:
            self._end()

    def _attach(self, optimizer):
        """Look at every step of an optimizer from now on."""
        if optimizer.state:
            if self._target.contender.rule is not type(optimizer):
                raise UsageError(
                    f"optimizer: it has taken steps already, and {self._target.contender.name} "
                    "cannot take over what it remembers; begin before its first step"
                )
            self._closeness.reference.resume(optimizer)
        # a compiled step calls its hooks, which are not to be compiled
        aside = torch.compiler.disable
        self._hooks = [
            optimizer.register_step_pre_hook(aside(self._before)),
            optimizer.register_step_post_hook(aside(self._after)),
        ]

    def _before(self, optimizer, args, kwargs):
        if any(each is not None for each in [*args[1:], kwargs.get("closure")]):
            raise UsageError(
                "optimizer: step(closure) computes the gradients within the step, so that the "
                "reference cannot have them; call backward() first, then step()"
            )
        # GradScaler leaves the scale of the gradients, and the skipping, to fused kernels
        overflow = getattr(optimizer, "found_inf", None)
        if overflow is not None and overflow.item():
            self._watch.note("skipped", self._steps + 1)
        else:
            self._begin(getattr(optimizer, "grad_scale", None))

    def _after(self, optimizer, args, kwargs):
        if self._begun:
            self._end()

    def _begin(self, scale=None):
        """Look at the gradients before a step; they still have a scale, if one is given."""
        tensors = self._find()
        gradients = {name: gradient_of(tensor) for name, tensor in tensors.items()}
        if all(gradient is None for gradient in gradients.values()):
            raise UsageError(
                f"parameters: none has a gradient when step {self._steps + 1} begins; call "
                "backward() before it, and clear the gradients after it"
            )
        changed = self._watch.begin(self._steps + 1, tensors)
        if changed:
            self._closeness.adopt(
                [tensor if name in changed else None for name, tensor in tensors.items()]
            )
        copies = [None if each is None else each.detach().clone() for each in gradients.values()]
        if scale is not None:
            copies = [None if each is None else each / scale for each in copies]
        self._begun = copies, self._target.settings(self._steps)

    @torch.no_grad()
    def _end(self):
        """Let the reference take the step, too, and compare."""
        (gradients, settings), self._begun = self._begun, None
        tensors = self._find()
        values = [tensor.detach() for tensor in tensors.values()]
        is_compared = self._steps % self._every == 0
        self._steps += 1
        self._watch.end(tensors, gradients)
        if self._is_over:
            return
        self._closeness.step(gradients, settings, is_compared)
        if is_compared:
            self._compare(list(tensors), values)
        if self._adopts:
            self._closeness.adopt(values)

    def _compare(self, names, values):
        n_taken = self._closeness.n_taken
        outcome = self._closeness.compare(values)
        if not outcome.is_finite:
            self._is_over = True
            self._watch.note("not finite", self._steps, [names[outcome.tensor]])
            return
        self._compared += 1
        self._identical &= outcome.is_identical
        self._envelope = max(self._envelope, outcome.envelope, key=_ENVELOPES.index)
        if outcome.share > self._largest["share"]:
            place = {"step": self._steps, "tensor": names[outcome.tensor]}
            self._largest = {"share": outcome.share, **place}
        if outcome.share > 1 and not self._first:
            self._closeness.is_settled = True
            self._watch.look_inside()
            ours, theirs, start = (
                each[outcome.tensor]
                for each in (values, self._closeness.reference.values, self._closeness.start)
            )
            self._first = {
                "step": self._steps,
                "since": self._steps - n_taken + 1,
                "tensor": names[outcome.tensor],
                **largest_difference(ours, theirs, start),
                "share": outcome.share,
                "agreed": self._compared - 1,
            }
            if self._strict:
                against = self._target.contender.name
                raise DifferentStepError(f"{describe(self._first)} (against {against})")

    def report(self) -> ShadowReport:
        """Say what was found so far."""
        if self._first:
            verdict = DIFFERENT
        elif not self._compared:
            verdict = NOTHING
        elif self._identical:
            verdict = IDENTICAL
        else:
            verdict = LESS_ACCURATE if self._envelope == WIDE_ENVELOPE else EQUAL
        return ShadowReport(
            against=self._target.contender.name,
            verdict=verdict,
            steps=self._steps,
            compared=self._compared,
            first_difference=self._first,
            largest=self._largest,
            remarks=self._watch.remarks(),
        )

    def close(self) -> None:
        """End the observation: nothing stays on the optimizer or the parameters."""
        for hook in self._hooks:
            hook.remove()
        self._watch.close()
