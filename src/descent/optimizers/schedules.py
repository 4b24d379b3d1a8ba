"""Learning rates that follow a schedule, as functions of the iteration.

A hand-written update rule has no `param_groups` that a scheduler of torch could change. So every
schedule is a formula here: that of the class of its name in torch.optim.lr_scheduler, in the closed
form, where torch multiplies the rate of the step before. The Snakefile imports this module at every
start, so it must stay light.
"""

import inspect
import math
from itertools import pairwise

from descent.errors import SignatureError

#: Keys of a scheduler that are not options of its class: its name, the unit in which it counts, and
#: how long it lasts, in either unit, if another one follows.
_GENERAL = ("name", "per", "iterations", "epochs")

#: A larger rate counts as infinite: float32 ends at 3e38, and rules multiply their rate.
_LARGEST = 1e30

#: The name of several schedulers at once, in `schedulers`, as of torch's class.
CHAINED = "ChainedScheduler"


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
    return _anneal(lr, eta_min, t / T_max)


def _warm_restarts(lr, t, *, T_0, T_mult=1, eta_min=0.0):
    # the same equation, with restarts
    length = T_0
    if T_mult == 1:
        t %= length
    while t >= length:
        t, length = t - length, length * T_mult
    return _anneal(lr, eta_min, t / length)


def _one_cycle(
    lr,
    t,
    *,
    total_steps,
    pct_start=0.3,
    anneal_strategy="cos",
    cycle_momentum=True,
    div_factor=25.0,
    final_div_factor=1e4,
    three_phase=False,
):
    # Smith and Topin, Super-convergence, arXiv:1708.07120; lr is torch's max_lr, and afterwards,
    # where torch raises an exception, the rate stays as it is
    first, last = lr / div_factor, lr / div_factor / final_div_factor
    up, end = pct_start * total_steps - 1, total_steps - 1
    turns = [(0, first), (up, lr), *([(2 * up, first)] if three_phase else []), (end, last)]
    t = min(t, end)
    (begins, start), (ends, stop) = next(pair for pair in pairwise(turns) if t <= pair[1][0])
    way = (t - begins) / (ends - begins) if ends != begins else 1.0
    if anneal_strategy == "linear":
        return start + (stop - start) * way
    return _anneal(start, stop, way)


def _anneal(start, stop, way):
    """Go from one rate to another along half a cosine, and on along the rest."""
    return stop + (start - stop) * (1 + math.cos(math.pi * way)) / 2


#: Maps the name of each class in torch.optim.lr_scheduler to its formula. It takes the configured
#: rate, the number of steps t that the scheduler has taken, from 0, and the options of the class
#: with their defaults. Each is `_get_closed_form_lr` of its class, where that has one.
SCHEDULERS = {
    "ConstantLR": _constant,
    "LinearLR": _linear,
    "ExponentialLR": _exponential,
    "StepLR": _step,
    "MultiStepLR": _multi_step,
    "PolynomialLR": _polynomial,
    "CosineAnnealingLR": _cosine,
    "CosineAnnealingWarmRestarts": _warm_restarts,
    "OneCycleLR": _one_cycle,
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
        Those of a ChainedScheduler are at work at once: each changes the rate that the one before
        it gives.
    iterations_per_epoch : int

    Returns
    -------
    float
        As torch's schedulers in float64, apart from rounding; infinite if it is too large.
    """
    for part in parts(scheduler):
        lasts = part.get("iterations", part.get("epochs", math.inf) * iterations_per_epoch)
        if iteration < lasts:
            break
        iteration -= lasts
    lr = float(lr)  # an integer would never be too large
    for link in links(part):
        taken = iteration if link.get("per") == "iteration" else iteration // iterations_per_epoch
        try:
            lr = SCHEDULERS[link["name"]](lr, taken, **options(link))
        except OverflowError:
            return math.inf
    return lr if lr <= _LARGEST else math.inf


def parts(scheduler):
    """List the schedulers that follow one another; there may be only one."""
    return scheduler if isinstance(scheduler, list) else [scheduler]


def links(part):
    """List the schedulers that are at work at once; there may be only one."""
    return part["schedulers"] if part["name"] == CHAINED else [part]


def options(part):
    """Return what a scheduler is given for its class."""
    return {key: value for key, value in part.items() if key not in _GENERAL}


def check_scheduler(scheduler):
    """Check what a schema cannot: that a scheduler takes its options, and how long it lasts.

    Parameters
    ----------
    scheduler : dict or list of dict
        Each with its `name`, in `SCHEDULERS`; `per`, the unit in which it counts, `epoch` (the
        default) or `iteration`; the options of its class; and, unless it is the last one, how many
        `epochs` or `iterations` it lasts. Or the name is ChainedScheduler, and `schedulers` is a
        list of those that are at work at once.

    Raises
    ------
    SignatureError
        If an option is unknown or missing, or it is not clear how long a scheduler lasts.
    """
    n_parts = len(parts(scheduler))
    for index, part in enumerate(parts(scheduler), 1):
        key = f"lr_scheduler.{index - 1}" if isinstance(scheduler, list) else "lr_scheduler"
        _check_part(key, part)
        lasts = [unit for unit in ("epochs", "iterations") if unit in part]
        if index == n_parts and lasts:
            raise SignatureError(
                f"{key}.{lasts[0]}: the last scheduler lasts until training ends; leave this out"
            )
        if index < n_parts and len(lasts) != 1:
            raise SignatureError(
                f"{key}: say how long it lasts before the next one: either epochs or iterations"
            )


def check_rates(lr, scheduler, iterations, iterations_per_epoch=1, unit="iteration"):
    """Check that a schedule leads to learning rates that a step can be taken with.

    Parameters
    ----------
    lr, scheduler, iterations_per_epoch
        See `rate`.
    iterations : int
        How many iterations there are.
    unit : str
        What these are called.

    Raises
    ------
    SignatureError
        If a rate is negative or not finite.
    """
    for iteration in range(iterations):
        found = rate(lr, iteration, scheduler, iterations_per_epoch)
        if not 0 <= found < math.inf:
            raise SignatureError(
                f"lr_scheduler: the learning rate of {unit} {iteration + 1} would be {found:g}; "
                "it must be finite and at least 0"
            )


def units(scheduler):
    """Tell in which units a schedule counts: a set of `epoch` and `iteration`."""
    counted = {link.get("per", "epoch") for part in parts(scheduler) for link in links(part)}
    lasts = {unit for unit in ("epoch", "iteration") for p in parts(scheduler) if f"{unit}s" in p}
    return counted | lasts


def _check_part(key, part):
    if part["name"] != CHAINED:
        return _check_options(key, part)
    if "schedulers" not in part:
        raise SignatureError(f"{key}.schedulers: missing; {CHAINED} needs a list of schedulers")
    for other in sorted(part.keys() - {"name", "schedulers", "epochs", "iterations"}):
        raise SignatureError(f"{key}.{other}: write this in each of schedulers that it is for")
    for index, link in enumerate(part["schedulers"]):
        own = f"{key}.schedulers.{index}"
        if link["name"] == CHAINED:
            raise SignatureError(f"{own}: a {CHAINED} holds no other one")
        for unit in ("epochs", "iterations"):
            if unit in link:
                raise SignatureError(f"{own}.{unit}: they all last as long as their {CHAINED}")
        _check_options(own, link)


def _check_options(key, part):
    name = part["name"]
    _, _, *takes = inspect.signature(SCHEDULERS[name]).parameters.values()
    known = ", ".join(option.name for option in takes)
    if name == "OneCycleLR":
        _check_one_cycle(key, part)
    for option in sorted(options(part).keys() - {option.name for option in takes}):
        raise SignatureError(f"{key}.{option}: {name} takes no {option}; it takes {known}")
    for option in takes:
        if option.default is option.empty and option.name not in part:
            raise SignatureError(f"{key}.{option.name}: missing; {name} needs {option.name}")
    if part.get("milestones", []) != sorted(part.get("milestones", [])):
        raise SignatureError(f"{key}.milestones: {part['milestones']} is out of order; sort it")


def _check_one_cycle(key, part):
    if "max_lr" in part:
        raise SignatureError(f"{key}.max_lr: leave this out; the lr of the variant is the largest")
    if part.get("cycle_momentum", True):
        raise SignatureError(
            f"{key}.cycle_momentum: write false; unlike torch's default, only the learning rate "
            "can follow a schedule here"
        )
