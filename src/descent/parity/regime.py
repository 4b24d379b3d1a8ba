"""What a check may be told about training besides hyperparameters, as in a configuration."""

import math

from descent.errors import SignatureError
from descent.optimizers.clipping import KINDS
from descent.optimizers.groups import deal, own_hyperparameters
from descent.optimizers.schedules import (
    CHAINED,
    SCHEDULERS,
    check_rates,
    check_scheduler,
    links,
    parts,
)


def check_regime(training, hyperparameters, names, iterations, iterations_per_epoch):
    """Check schedule, clipping and groups that no schema has checked.

    Parameters
    ----------
    training : dict
        Some of the keys `lr_scheduler`, `gradient_clipping` and `groups`.
    hyperparameters : dict
        The values of all hyperparameters.
    names : list of str
        Those of the parameters.
    iterations, iterations_per_epoch : int

    Raises
    ------
    SignatureError
        With one line that begins with the key.
    """
    if "gradient_clipping" in training:
        _check_clipping(training["gradient_clipping"])
    groups = training.get("groups", [])
    _check_groups(groups, hyperparameters, names)
    if "lr_scheduler" in training:
        rates = [group["lr"] for group in [hyperparameters, *groups] if "lr" in group]
        if not rates:
            raise SignatureError("lr_scheduler: needs an lr beside it, which it changes")
        _check_scheduler(training["lr_scheduler"], rates, iterations, iterations_per_epoch)


def _check_clipping(clipping):
    if not isinstance(clipping, dict) or len(clipping) != 1 or clipping.keys() - KINDS.keys():
        raise SignatureError(
            f"gradient_clipping: {clipping!r}: give {{norm: 1.0}} or {{value: 0.5}}"
        )
    [(kind, limit)] = clipping.items()
    is_number = isinstance(limit, int | float) and not isinstance(limit, bool)
    if not is_number or not 0 < limit < math.inf:
        raise SignatureError(f"gradient_clipping.{kind}: {limit!r} must be a number greater than 0")


def _check_groups(groups, hyperparameters, names):
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise SignatureError(
            f"groups: {groups!r}: give a list, such as [{{parameters: [b*], weight_decay: 0}}]"
        )
    for index, group in enumerate(groups):
        patterns = group.get("parameters")
        if not isinstance(patterns, list) or not all(isinstance(text, str) for text in patterns):
            raise SignatureError(f"groups.{index}.parameters: give a list of names, such as [b*]")
        own = own_hyperparameters(group)
        if not own:
            raise SignatureError(f"groups.{index}: name a hyperparameter, such as weight_decay: 0")
        for name in own.keys() - hyperparameters.keys():
            raise SignatureError(f"groups.{index}.{name}: there is no hyperparameter {name}")
    deal(names, groups)


def _check_scheduler(scheduler, rates, iterations, iterations_per_epoch):
    if not scheduler or not all(isinstance(part, dict) for part in parts(scheduler)):
        raise SignatureError(
            f"lr_scheduler: {scheduler!r}: give {{name: StepLR, step_size: 30}}, or a list of such"
        )
    for part in parts(scheduler):
        chained = part.get("schedulers", [])
        if not isinstance(chained, list) or not all(isinstance(link, dict) for link in chained):
            raise SignatureError(f"lr_scheduler.schedulers: {chained!r}: give a list of schedulers")
        for link in [part, *chained]:
            if link.get("name") not in (*SCHEDULERS, CHAINED):
                classes = ", ".join([*SCHEDULERS, CHAINED])
                raise SignatureError(f"lr_scheduler.name: {link.get('name')!r}: one of {classes}")
    check_scheduler(scheduler)
    for link in (link for part in parts(scheduler) for link in links(part)):
        if link.get("per", "epoch") not in ("epoch", "iteration"):
            raise SignatureError(f"lr_scheduler.per: {link['per']!r}: epoch or iteration")
    try:
        check_rates(max(rates), scheduler, iterations, iterations_per_epoch)
    except SignatureError:
        raise
    except (ArithmeticError, TypeError, ValueError) as error:
        raise SignatureError(f"lr_scheduler: an option has an impossible value: {error}") from None
