"""What is worth knowing about a rule besides its verdict."""

from dataclasses import replace

import torch

from descent.optimizers.spec import parse
from descent.optimizers.step import begin_training, defaults
from descent.parity.gradients import MATRICES, Generated
from descent.parity.paths import Setup, refused

#: Of a trial with and without an option: some rules accumulate gradients first.
_ITERATIONS = 40


def of_form(ours):
    """Say in which form the rule was taken, if that is not the one of an included rule."""
    if not ours.form:
        return []
    names = f"; {', '.join(ours.translated)}" if ours.translated else ""
    return [f"taken as {ours.form.removeprefix('taken as ')}{names}"]


def of_regime(ours, theirs):
    """Say that the trials, which have shapes of their own, know no schedule and no groups."""
    keys = [key for key in ("lr_scheduler", "groups") if key in ours.training | theirs.training]
    if not keys:
        return []
    return [f"{' and '.join(keys)} in training only; the trials compare the rules without"]


def of_options(ours, theirs):
    """Say which given options change nothing: some packages swallow a misspelt keyword."""
    sides = [side for side in (ours, theirs) if parse(side.name).module]
    remarks = [
        f"{name}={value} changes nothing in the steps of {side.name} here: is it spelled right?"
        for side in sides
        for name, value in side.settings.items()
        if value != defaults(side.rule).get(name) and _is_idle(side, name)
    ]
    return list(dict.fromkeys(remarks))


def _is_idle(side, name):
    """Tell whether an optimizer takes the same steps without one of its hyperparameters."""
    others = {key: value for key, value in side.settings.items() if key != name}
    try:
        setup = Setup.ordinary(side, _ITERATIONS)
        return all(map(torch.equal, setup.walk(side), setup.walk(replace(side, settings=others))))
    except Exception:  # a package's class may raise anything, such as that it needs this one
        return False


def of_torch(inside):
    """Say that an optimizer of torch.optim takes the steps.

    Parameters
    ----------
    inside : descent.parity.inside.Inside
    """
    return [f"{inside.name} takes the steps of this rule"] if inside.name else []


def of_training(trace, iterations):
    """Say for how many iterations the gradients of training had vanished."""
    n = trace.loc[trace["vanished"], "iteration"].nunique()
    if not n:
        return []
    return [
        f"the gradients of training vanished in {n} of {iterations} iterations; those of the "
        "untrained network took their place"
    ]


def of_gradients(ours):
    """Say whether a class changes the gradients of its parameters."""
    if ours.is_class and _changes_gradients(ours):
        return [
            "the same steps, but it changes p.grad, which a training loop may read or accumulate "
            "afterwards"
        ]
    return []


def _changes_gradients(ours):
    """Tell whether a class changes the gradients of its parameters, also with some options."""
    options = {"weight_decay": 0.1, "maximize": True}
    settings = [{}, *({name: options[name]} for name in options if name in ours.values)]
    sides = [ours.changed(changed) for changed in settings]
    return any(_changes_gradients_of(side) for side in sides if not refused(side, MATRICES))


def _changes_gradients_of(ours):
    source = Generated(MATRICES, "ordinary", 3, device=ours.device)
    parameters = [tensor[0].clone() for tensor in source.initial]
    with ours.blame():
        optimizer = ours.rule(
            [parameter.requires_grad_() for parameter in parameters], **ours.settings
        )
        begin_training(optimizer)
        for _ in range(3):
            gradients = [gradient[0] for gradient in source.gradients(None)]
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient.clone()
            optimizer.step()
            for parameter, gradient in zip(parameters, gradients, strict=True):
                if parameter.grad is None or not torch.equal(parameter.grad, gradient):
                    return True
    return False
