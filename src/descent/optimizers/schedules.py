"""Learning rates that follow a schedule, as functions of the iteration.

A hand-written update rule has no `param_groups` that a scheduler of torch could change. So every
schedule is a formula here: that of the class of its name in torch.optim.lr_scheduler, in the closed
form, where torch multiplies the rate of the step before. The Snakefile imports this module at every
start, so it must stay light.
"""

import inspect
import math

from descent.errors import SignatureError

#: Keys of a scheduler that are not options of its class: its name, the unit in which it counts, and
#: how long it lasts, in either unit, if another one follows.
_GENERAL = ("name", "per", "iterations", "epochs")


def _constant(lr, t, *, factor=1 / 3, total_iters=5):
    return lr * factor if t < total_iters else lr


def _linear(lr, t, *, start_factor=1 / 3, end_factor=1.0, total_iters=5):
    way = min(t, total_iters) / total_iters
    return lr * (start_factor + (end_factor - start_factor) * way)


def _exponential(lr, t, *, gamma):
    return lr * gamma**t


def _step(lr, t, *, step_size, gamma=0.1):
    return lr * gamma ** (t // step_size)


def _multi_step(lr, t, *, milestones, gamma=0.1):
    return lr * gamma ** sum(milestone <= t for milestone in milestones)


def _polynomial(lr, t, *, total_iters=5, power=1.0):
    return lr * (1 - min(t, total_iters) / total_iters) ** power


def _cosine(lr, t, *, T_max, eta_min=0.0):
    # equation 5 of Loshchilov and Hutter, SGDR (ICLR 2017), without restarts
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * t / T_max)) / 2


#: Maps the name of each class in torch.optim.lr_scheduler to its formula. It takes the configured
#: rate, the number of steps t that the scheduler has taken, from 0, and the options of the class
#: with their defaults. Each is `_get_closed_form_lr` of its class.
SCHEDULERS = {
    "ConstantLR": _constant,
    "LinearLR": _linear,
    "ExponentialLR": _exponential,
    "StepLR": _step,
    "MultiStepLR": _multi_step,
    "PolynomialLR": _polynomial,
    "CosineAnnealingLR": _cosine,
}


def rate(lr, iteration, scheduler, iterations_per_epoch):
    """Return the learning rate of an iteration.

    Parameters
    ----------
    lr : float
        The configured learning rate.
    iteration : int
        From 0.
    scheduler : dict or list of dict
        `lr_scheduler` of a variant, see `check_scheduler`. Those of a list follow one another, as
        with torch's SequentialLR: each begins with the configured rate, and counts from there.
    iterations_per_epoch : int

    Returns
    -------
    float
        As torch's schedulers in float64, apart from rounding.
    """
    for part in parts(scheduler):
        lasts = part.get("iterations", part.get("epochs", math.inf) * iterations_per_epoch)
        if iteration < lasts:
            break
        iteration -= lasts
    taken = iteration if part.get("per") == "iteration" else iteration // iterations_per_epoch
    return SCHEDULERS[part["name"]](lr, taken, **options(part))


def parts(scheduler):
    """List the schedulers that follow one another; there may be only one."""
    return scheduler if isinstance(scheduler, list) else [scheduler]


def options(part):
    """Return what a scheduler is given for its class."""
    return {key: value for key, value in part.items() if key not in _GENERAL}


def check_scheduler(scheduler):
    """Check what a schema cannot: that a scheduler takes its options, and how long it lasts.

    Parameters
    ----------
    scheduler : dict or list of dict
        Each with its `name` in `SCHEDULERS`; `per`, the unit in which it counts, `epoch` (the
        default) or `iteration`; the options of its class; and, unless it is the last one, how many
        `epochs` or `iterations` it lasts.

    Raises
    ------
    SignatureError
        If an option is unknown or missing, or it is not clear how long a scheduler lasts.
    """
    n_parts = len(parts(scheduler))
    for index, part in enumerate(parts(scheduler), 1):
        key = f"lr_scheduler.{index - 1}" if isinstance(scheduler, list) else "lr_scheduler"
        _check_options(key, part)
        lasts = [unit for unit in ("epochs", "iterations") if unit in part]
        if index == n_parts and lasts:
            raise SignatureError(
                f"{key}.{lasts[0]}: the last scheduler lasts until training ends; leave this out"
            )
        if index < n_parts and len(lasts) != 1:
            raise SignatureError(
                f"{key}: say how long it lasts before the next one: either epochs or iterations"
            )


def _check_options(key, part):
    name = part["name"]
    _, _, *takes = inspect.signature(SCHEDULERS[name]).parameters.values()
    known = ", ".join(option.name for option in takes)
    for option in sorted(options(part).keys() - {option.name for option in takes}):
        raise SignatureError(f"{key}.{option}: {name} takes no {option}; it takes {known}")
    for option in takes:
        if option.default is option.empty and option.name not in part:
            raise SignatureError(f"{key}.{option.name}: missing; {name} needs {option.name}")
