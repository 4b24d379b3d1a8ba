"""Mistakes in AdamW: those of Adam, and those in the decoupled weight decay."""

from functools import partial

from descent.parity.catalog.adam import SHARED, of_adamw
from descent.parity.catalog.mutant import Mutant

_SETTINGS = {"weight_decay": 0.1}
_mutant = partial(Mutant, "adamw", settings=_SETTINGS)

_DECAY = "        parameter.mul_(1 - lr * weight_decay)\n"
_FACTOR = "(1 - lr * weight_decay)"
_UPDATE = "        parameter.addcdiv_(mean, denominator, value=-lr / bias1)\n"

MUTANTS = [
    *map(of_adamw, SHARED),
    _mutant(
        "coupled",
        "the weight decay is added to the gradient, as in Adam, instead of shrinking the weights",
        ((_DECAY, "        gradient = gradient + weight_decay * parameter\n"),),
    ),
    _mutant(
        "decay_without_rate",
        "the weight decay is not multiplied by the learning rate",
        ((_FACTOR, "(1 - weight_decay)"),),
        seen="tensorflow/addons#2282, FluxML/Optimisers.jl#182",
    ),
    _mutant(
        "decay_after_step",
        "the weights are shrunk after the step instead of before",
        ((_DECAY, ""), (_UPDATE, _UPDATE + _DECAY)),
    ),
    _mutant(
        "decay_of_weights_only",
        "the biases get no weight decay",
        ((_FACTOR, "(1 - lr * weight_decay * (parameter.ndim > 1))"),),
    ),
    _mutant(
        "decay_of_biases_only",
        "only the biases get weight decay",
        ((_FACTOR, "(1 - lr * weight_decay * (parameter.ndim == 1))"),),
    ),
    _mutant(
        "decay_and_coupled_decay",
        "the weight decay is applied twice: it shrinks the weights, and is added to the gradient",
        ((_DECAY, f"        gradient = gradient + weight_decay * parameter\n{_DECAY}"),),
    ),
    _mutant(
        "decay_of_wrong_sign",
        "the weight decay has the wrong sign, so that the weights grow",
        ((_FACTOR, "(1 + lr * weight_decay)"),),
    ),
    _mutant(
        "decay_with_corrected_rate",
        "the weight decay is multiplied by the learning rate after the bias correction",
        ((_FACTOR, "(1 - lr / bias1 * weight_decay)"),),
    ),
    _mutant(
        "decay_with_squared_rate",
        "the weight decay is multiplied by the learning rate twice",
        ((_FACTOR, "(1 - lr**2 * weight_decay)"),),
    ),
    _mutant(
        "decay_divided",
        "the weights are decayed before the division by the root: the decay is in the numerator",
        (
            (_DECAY, ""),
            ("addcdiv_(mean,", "addcdiv_(mean / bias1 + weight_decay * parameter,"),
            ("value=-lr / bias1", "value=-lr"),
        ),
    ),
    _mutant(
        "decay_doubled",
        "the weight decay counts twice",
        ((_FACTOR, "(1 - 2 * lr * weight_decay)"),),
    ),
    _mutant(
        "decay_of_sign",
        "the weights shrink by a constant amount (an L1 penalty) instead of a constant share",
        (
            (
                "parameter.mul_(1 - lr * weight_decay)",
                "parameter.sub_(lr * weight_decay * parameter.sign())",
            ),
        ),
    ),
]
