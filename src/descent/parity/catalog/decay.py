"""Mistakes in weight decay, in the rules that add it to the gradient and in those that need not."""

from functools import partial

from descent.parity.catalog.common import SETTINGS
from descent.parity.catalog.mutant import Mutant

_RIGHT = (
    "gradients = effective(parameters, gradients, weight_decay=weight_decay, maximize=maximize)"
)
_PAIRS = "for parameter, gradient in zip(parameters, gradients, strict=True)"

COUPLED = [
    *("dampened_momentum", "nesterov", "adagrad", "adam", "adamax", "nadam", "radam", "rmsprop"),
    *("adadelta", "asgd"),
]


#: Where the default learning rate is 1, it cannot be told whether it is missing.
_MORE = {"adadelta": {"lr": 0.5}}


#: The gradients without weight decay.
_PLAIN = _RIGHT.replace("weight_decay=weight_decay", "weight_decay=0")


def _each(gradient):
    return f"{_PLAIN}\n    gradients = [{gradient} {_PAIRS}]"


def _shrunk(factor):
    return f"{_PLAIN}\n    for parameter in parameters:\n        parameter.mul_({factor})"


#: Name, words, what stands in for the right line, and settings.
_MISTAKES = [
    (
        "decay_of_weights_only",
        "the biases get no weight decay",
        _each("gradient + weight_decay * parameter * (parameter.ndim > 1)"),
        {},
    ),
    (
        "decay_of_biases_only",
        "only the biases get weight decay",
        _each("gradient + weight_decay * parameter * (parameter.ndim == 1)"),
        {},
    ),
    (
        "decay_doubled",
        "the weight decay counts twice",
        _each("gradient + 2 * weight_decay * parameter"),
        {},
    ),
    (
        "decay_of_wrong_sign",
        "the weight decay has the wrong sign, so that the weights grow",
        _each("gradient - weight_decay * parameter"),
        {},
    ),
    (
        "decay_times_rate",
        "the weight decay is multiplied by the learning rate before it is added to the gradient",
        _each("gradient + lr * weight_decay * parameter"),
        {},
    ),
    (
        "decay_of_sign",
        "the weight decay adds the sign of the weights to the gradient (an L1 penalty)",
        _each("gradient + weight_decay * parameter.sign()"),
        {},
    ),
    (
        "decay_of_square",
        "the weight decay adds the squared weights to the gradient",
        _each("gradient + weight_decay * parameter**2"),
        {},
    ),
    (
        "decay_multiplies",
        "the weight decay multiplies the gradient instead of being added to it",
        _each("gradient * (1 + weight_decay * parameter)"),
        {"seen": "apache/mxnet#8925"},
    ),
    (
        "decoupled",
        "the weights are shrunk apart from the step (decoupled weight decay), instead of adding "
        "the weight decay to the gradient",
        _shrunk("1 - lr * weight_decay"),
        {},
    ),
    (
        "decay_by_rate_missing",
        "the weights are shrunk apart from the step, and without the learning rate",
        _shrunk("1 - weight_decay"),
        {},
    ),
]

_DECOUPLED = [
    (
        "decoupled_without_rate",
        "the decoupled weight decay is not multiplied by the learning rate",
        (("(1 - lr * weight_decay)", "(1 - weight_decay)"),),
    ),
    (
        "decoupled_and_coupled",
        "the weight decay is applied twice: it shrinks the weights, and is added to the gradient",
        (("        weight_decay = 0\n", ""),),
    ),
    (
        "decoupled_of_weights_only",
        "the decoupled weight decay leaves out the biases",
        (("(1 - lr * weight_decay)", "(1 - lr * weight_decay * (parameter.ndim > 1))"),),
    ),
    (
        "decoupled_of_wrong_sign",
        "the decoupled weight decay has the wrong sign, so that the weights grow",
        (("(1 - lr * weight_decay)", "(1 + lr * weight_decay)"),),
    ),
]


def _of_rule(rule):
    mutant = partial(Mutant, rule)
    settings = SETTINGS[rule] | {"weight_decay": 0.1} | _MORE.get(rule, {})
    # Before those that it cannot be told from: it shows only with maximize.
    yield mutant(
        "decay_maximized",
        "maximize also negates the weight decay",
        ((_RIGHT, _each("gradient + weight_decay * parameter * (-1 if maximize else 1)")),),
        settings | {"maximize": True},
    )
    for name, says, new, fields in _MISTAKES:
        yield mutant(name, says, ((_RIGHT, new),), settings, **fields)
    if rule in ("adam", "nadam", "radam"):
        for name, says, edits in _DECOUPLED:
            yield mutant(name, says, edits, settings | {"decoupled_weight_decay": True})


MUTANTS = [mutant for rule in COUPLED for mutant in _of_rule(rule)]
