"""Mistakes in averaged SGD, apart from the average itself, which no step depends on."""

from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "asgd")

_RATE = 'state["rate"] = lr / (1 + lambd * lr * state["iteration"]) ** alpha'
_COUNT = '    state["iteration"] += 1\n'
_STEP = "parameter.mul_(1 - lambd * rate).sub_(gradient, alpha=rate)"
_AVERAGE = "average.lerp_(parameter, weight)"
_FAST = {"lr": 0.1, "lambd": 0.1}

MUTANTS = [
    _mutant(
        "power_of_iteration",
        "the exponent alpha applies to the iteration only instead of the whole denominator",
        ((_RATE, 'state["rate"] = lr / (1 + lambd * lr * state["iteration"] ** alpha)'),),
        seen="pytorch/pytorch#125440",
    ),
    _mutant(
        "constant_rate", "the learning rate does not decrease", ((_RATE, 'state["rate"] = lr'),)
    ),
    _mutant(
        "no_exponent",
        "the exponent alpha is missing",
        ((_RATE, 'state["rate"] = lr / (1 + lambd * lr * state["iteration"])'),),
    ),
    _mutant(
        "exponent_of_wrong_sign",
        "the exponent alpha has the wrong sign, so that the learning rate increases",
        ((") ** alpha", ") ** -alpha"),),
    ),
    _mutant(
        "rate_missing_in_schedule",
        "the learning rate is missing in the denominator of its schedule",
        (("lambd * lr * state", "lambd * state"),),
    ),
    _mutant(
        "lambd_missing_in_schedule",
        "lambd is missing in the denominator of the schedule of the learning rate",
        (("lambd * lr * state", "lr * state"),),
    ),
    _mutant(
        "schedule_ahead",
        "the schedule of the learning rate is one iteration ahead",
        (('* state["iteration"])', '* (state["iteration"] + 1))'),),
    ),
    _mutant(
        "schedule_late",
        "the schedule of the learning rate is one iteration late",
        (('* state["iteration"])', '* (state["iteration"] - 1))'),),
    ),
    _mutant(
        "schedule_piles_up",
        "the schedule is applied to the learning rate that has already decreased",
        ((_RATE, 'state["rate"] /= (1 + lambd * lr * state["iteration"]) ** alpha'),),
    ),
    _mutant(
        "schedule_of_1",
        "the 1 is missing in the denominator of the schedule of the learning rate",
        ((_RATE, 'state["rate"] = lr / (lambd * lr * state["iteration"]) ** alpha'),),
    ),
    _mutant(
        "count_of_tensors",
        "the iteration counter advances once for every tensor, not once in every iteration",
        ((_COUNT, '    state["iteration"] += len(parameters)\n'),),
    ),
    _mutant(
        "change_at_once",
        "a change of the learning rate takes effect at once, and not one iteration later",
        (
            (
                'rate, weight = state["rate"],',
                'rate, weight = lr / (1 + lambd * lr * state["iteration"]) ** alpha,',
            ),
        ),
        changing=True,
    ),
    _mutant(
        "no_decay",
        "the weights are not shrunk: the term in lambd is missing",
        ((".mul_(1 - lambd * rate)", ""),),
    ),
    _mutant(
        "decay_without_rate",
        "lambd is not multiplied by the learning rate where it shrinks the weights",
        (("1 - lambd * rate", "1 - lambd"),),
    ),
    _mutant(
        "decay_with_constant_rate",
        "the weights are shrunk with the constant learning rate in place of the decreasing one",
        (("1 - lambd * rate", "1 - lambd * lr"),),
        _FAST,
    ),
    _mutant(
        "shrinking_of_wrong_sign",
        "the term in lambd has the wrong sign, so that the weights grow",
        (("1 - lambd * rate", "1 + lambd * rate"),),
    ),
    _mutant(
        "decay_after_step",
        "the weights are shrunk after the step instead of before",
        ((_STEP, "parameter.sub_(gradient, alpha=rate).mul_(1 - lambd * rate)"),),
        _FAST,
    ),
    _mutant(
        "shrinking_of_weights_only",
        "lambd does not shrink the biases",
        (("1 - lambd * rate", "1 - lambd * rate * (parameter.ndim > 1)"),),
    ),
    _mutant(
        "average_for_parameters",
        "the parameters are replaced by their average",
        ((_AVERAGE, f"parameter.copy_({_AVERAGE})"),),
        {"t0": 5},
    ),
    _mutant(
        "average_from_start",
        "the parameters are replaced by their average over all iterations",
        (
            (_AVERAGE, f"parameter.copy_({_AVERAGE})"),
            ('state["iteration"] - t0', 'state["iteration"]'),
        ),
    ),
    _mutant(
        "step_from_average",
        "the step starts from the average in place of the parameters",
        (
            (
                _STEP,
                f"if state['iteration']:\n            parameter.copy_(average)\n        {_STEP}",
            ),
        ),
        {"t0": 3},
    ),
]
