"""Mistakes in Adam; those in `SHARED` apply to AdamW as well."""

from dataclasses import replace
from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "adam")

_BIAS = 'bias1, bias2 = 1 - beta1 ** state["iteration"], 1 - beta2 ** state["iteration"]'
_COUNT = '    state["iteration"] += 1\n'
_MEAN, _WEIGHT = "mean.lerp_(", ", 1 - beta1)"
_SQUARE = "square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)"
_LARGEST = "square = torch.maximum(largest, square, out=largest)"
_ROOT = "(square.sqrt() / bias2**0.5).add_(eps)"
_UPDATE = "parameter.addcdiv_(mean, denominator, value=-lr / bias1)"
_AMSGRAD, _EPS = {"amsgrad": True}, {"eps": 0.1}

_BIAS_CORRECTION = [
    _mutant(
        "no_correction",
        "neither the mean of the gradients nor that of their squares is corrected for its bias",
        ((_BIAS, "bias1 = bias2 = 1"),),
    ),
    _mutant(
        "no_correction_of_mean",
        "the bias of the mean of the gradients is not corrected",
        (("value=-lr / bias1", "value=-lr"),),
    ),
    _mutant(
        "no_correction_of_squares",
        "the bias of the mean of the squared gradients is not corrected",
        ((" / bias2**0.5", ""),),
    ),
    _mutant(
        "iterations_from_2",
        "the bias correction counts one iteration too many",
        ((_BIAS, _BIAS.replace('state["iteration"]', '(state["iteration"] + 1)')),),
    ),
    _mutant(
        "count_of_tensors",
        "the iteration counter advances once for every tensor, not once in every iteration",
        ((_COUNT, ""), (_MEAN, f'state["iteration"] += 1\n        {_BIAS}\n        {_MEAN}')),
        seen="flashlight/flashlight#143, DiffSharp/DiffSharp#292",
    ),
    _mutant(
        "counter_stands_still",
        "the iteration counter never advances",
        ((_COUNT, '    state["iteration"] = 1\n'),),
        seen="allenai/OLMo-core#317",
    ),
    _mutant(
        "wrong_beta_of_mean",
        "the bias of the mean of the gradients is corrected with beta2 in place of beta1",
        ((_BIAS, _BIAS.replace("beta1", "beta2")),),
    ),
    _mutant(
        "wrong_beta_of_squares",
        "the bias of the mean of the squared gradients is corrected with beta1 in place of beta2",
        ((_BIAS, _BIAS.replace("beta2", "beta1")),),
    ),
    _mutant(
        "corrected_mean_kept",
        "the corrected mean of the gradients is stored, so that the corrections pile up",
        ((_UPDATE, "parameter.addcdiv_(mean.div_(bias1), denominator, value=-lr)"),),
        seen="frgfm/holocron#1",
    ),
    _mutant(
        "corrected_squares_kept",
        "the corrected mean of the squared gradients is stored, so that the corrections pile up",
        (("square.sqrt() / bias2**0.5", "square.div_(bias2).sqrt()"),),
    ),
    _mutant(
        "correction_without_root",
        "the bias correction of the squared gradients is outside the root, but its root is not "
        "taken",
        (("bias2**0.5", "bias2"),),
    ),
    _mutant(
        "correction_multiplied",
        "the bias correction of the squared gradients is multiplied where it should be divided by",
        (("/ bias2**0.5", "* bias2**0.5"),),
    ),
    _mutant(
        "correction_of_mean_multiplied",
        "the bias correction of the mean is multiplied where it should be divided by",
        (("-lr / bias1", "-lr * bias1"),),
    ),
    _mutant(
        "correction_by_power",
        "the bias of the squared gradients is corrected with beta2^t in place of 1 - beta2^t",
        (("/ bias2**0.5", "/ (1 - bias2) ** 0.5"),),
        seen="kozistr/AdaBound-tensorflow#3",
    ),
    _mutant(
        "power_of_difference",
        "the bias correction is (1 - beta)^t in place of 1 - beta^t",
        (
            (
                _BIAS,
                't = state["iteration"]\n    bias1, bias2 = (1 - beta1) ** t, (1 - beta2) ** t',
            ),
        ),
    ),
    _mutant(
        "corrected_twice",
        "the bias is corrected twice",
        ((_BIAS, f"{_BIAS}\n    bias1, bias2 = bias1**2, bias2**2"),),
        seen="PennyLaneAI/pennylane#1928",
    ),
]

_EPSILON = [
    _mutant(
        "eps_under_root",
        "eps is added under the root",
        ((_ROOT, "(square / bias2).add_(eps).sqrt()"),),
    ),
    _mutant(
        "eps_before_correction",
        "eps is added before the bias correction, and is divided by it as well",
        ((_ROOT, "square.sqrt().add_(eps) / bias2**0.5"),),
        seen="pytorch/pytorch#22628, tensorflow/tensorflow#9047, karpathy/nanochat#304",
    ),
    _mutant(
        "eps_under_root_before_correction",
        "eps is added under the root and before the bias correction",
        ((_ROOT, "(square + eps).sqrt() / bias2**0.5"),),
    ),
    _mutant("no_eps", "eps is missing", ((".add_(eps)", ""),), _EPS),
    _mutant("eps_squared", "eps is squared", ((".add_(eps)", ".add_(eps**2)"),), _EPS),
    _mutant("root_of_eps", "the root of eps is added", ((".add_(eps)", ".add_(eps**0.5)"),), _EPS),
    _mutant(
        "eps_as_minimum",
        "eps is a lower limit of the root instead of being added to it",
        ((".add_(eps)", ".clamp_(min=eps)"),),
        _EPS,
    ),
    _mutant(
        "eps_after_division",
        "eps is added to one over the root instead of the root",
        ((_ROOT, "1 / (bias2**0.5 / square.sqrt() + eps)"),),
        seen="kozistr/pytorch_optimizer#480",
    ),
]

_AVERAGES = [
    _mutant(
        "betas_swapped", "beta1 and beta2 are swapped", (("beta1, beta2 =", "beta2, beta1 ="),)
    ),
    _mutant(
        "mean_as_sum",
        "the gradients are summed: the factor 1 - beta1 is missing",
        ((_MEAN, "mean.mul_(beta1).add_("), (_WEIGHT, ")")),
    ),
    _mutant(
        "squares_as_sum",
        "the squared gradients are summed: the factor 1 - beta2 is missing",
        ((", value=1 - beta2)", ")"),),
    ),
    _mutant(
        "all_squares_summed",
        "the squared gradients of all iterations are summed, as in Adagrad",
        ((_SQUARE, "square.addcmul_(gradient, gradient)"),),
    ),
    _mutant(
        "weights_of_mean_swapped",
        "beta1 weighs the new gradient, and 1 - beta1 the old mean",
        ((_WEIGHT, ", beta1)"),),
    ),
    _mutant(
        "weights_of_squares_swapped",
        "beta2 weighs the new squared gradient, and 1 - beta2 the old mean of squares",
        ((_SQUARE, "square.lerp_(gradient**2, beta2)"),),
    ),
    _mutant(
        "beta_times_both",
        "beta2 also multiplies the new squared gradient",
        ((_SQUARE, "square.add_(gradient**2, alpha=1 - beta2).mul_(beta2)"),),
    ),
    _mutant(
        "mean_not_stored",
        "the mean of the gradients is computed but not stored",
        ((_MEAN, "mean = mean.lerp("),),
    ),
    _mutant(
        "squares_not_stored",
        "the mean of the squared gradients is computed but not stored",
        (("square.mul_(beta2)", "square = square.mul(beta2)"),),
    ),
    _mutant(
        "root_kept",
        "the root is taken in place, so that it overwrites the mean of the squares",
        (("square.sqrt()", "square.sqrt_()"),),
    ),
    _mutant(
        "no_root",
        "the root of the mean of the squared gradients is not taken",
        ((_ROOT, "(square / bias2).add_(eps)"),),
    ),
    _mutant(
        "absolute_value",
        "the absolute gradients are averaged in place of their squares",
        ((_SQUARE, "square.lerp_(gradient.abs(), 1 - beta2)"),),
    ),
    _mutant(
        "square_of_mean",
        "the mean of the gradients is squared in place of the gradient itself",
        ((_SQUARE, "square.mul_(beta2).addcmul_(mean, mean, value=1 - beta2)"),),
    ),
    _mutant(
        "variance",
        "the squared mean is subtracted from the mean of squares, as in centered RMSprop",
        ((_ROOT, "((square - mean**2).clamp_(min=0).sqrt() / bias2**0.5).add_(eps)"),),
    ),
    _mutant(
        "surprise",
        "the squared distance of the gradient from its mean is averaged, as in AdaBelief",
        ((_SQUARE, "square.mul_(beta2).add_((gradient - mean) ** 2, alpha=1 - beta2)"),),
    ),
    _mutant(
        "gradient_for_mean",
        "the gradient itself is divided by the root in place of its mean",
        ((_UPDATE, "parameter.addcdiv_(gradient, denominator, value=-lr)"),),
    ),
    _mutant(
        "gradient_for_corrected_mean",
        "the gradient stands in for its mean, and the bias of that is corrected",
        (("addcdiv_(mean,", "addcdiv_(gradient,"),),
    ),
    _mutant(
        "nesterov",
        "the step looks ahead along the mean, as in NAdam",
        (("addcdiv_(mean,", "addcdiv_(mean.lerp(gradient, 1 - beta1),"),),
    ),
    _mutant(
        "mean_from_gradient",
        "the mean starts at the first gradient instead of 0",
        ((_WEIGHT, ', 1 - beta1 if state["iteration"] > 1 else 1)'),),
    ),
    _mutant(
        "squares_from_gradient",
        "the mean of the squares starts at the first squared gradient instead of 0",
        (
            (
                _SQUARE,
                'square.lerp_(gradient**2, 1 - beta2 if state["iteration"] > 1 else 1)',
            ),
        ),
    ),
    _mutant(
        "squares_from_1",
        "the mean of the squares starts at 1 instead of 0",
        (
            (
                _COUNT,
                f'        state["squares"] = [torch.ones_like(p) for p in parameters]\n{_COUNT}',
            ),
        ),
    ),
    _mutant(
        "late_mean",
        "the mean of the gradients is updated after the step instead of before",
        (
            (_UPDATE, _UPDATE.replace("mean", "before")),
            (_MEAN, f"before = mean.clone()\n        {_MEAN}"),
        ),
    ),
    _mutant(
        "late_squares",
        "the mean of the squares is updated after the step instead of before",
        (
            (_ROOT, "(before.sqrt() / bias2**0.5).add_(eps)"),
            (_MEAN, f"before = square.clone()\n        {_MEAN}"),
        ),
    ),
    _mutant(
        "squares_of_tensor",
        "one mean of squares serves a whole tensor instead of each of its elements",
        (("square.sqrt()", "square.mean().sqrt()"),),
    ),
    _mutant(
        "rate_in_mean",
        "the learning rate is part of the mean of the gradients, so that a change of it acts late",
        (
            (_MEAN, "mean.mul_(beta1).add_(lr * (1 - beta1) * ("),
            (_WEIGHT, "))"),
            ("value=-lr / bias1", "value=-1 / bias1"),
        ),
        changing=True,
    ),
]

_LARGEST_SQUARE = [
    _mutant(
        "largest_corrected",
        "amsgrad takes the largest of the squares after their bias correction",
        (
            (_LARGEST, "square = torch.maximum(largest, square / bias2, out=largest)"),
            ("/ bias2**0.5", "/ (1 if amsgrad else bias2**0.5)"),
        ),
        _AMSGRAD,
        seen="pytorch/pytorch#142323",
    ),
    _mutant(
        "largest_kept_as_mean",
        "amsgrad's largest square overwrites the mean of the squares",
        ((_LARGEST, "square.copy_(torch.maximum(largest, square, out=largest))"),),
        _AMSGRAD,
    ),
    _mutant(
        "largest_mean",
        "amsgrad takes the largest mean of the gradients instead of the largest mean of squares",
        ((_LARGEST, "mean = torch.maximum(largest, mean, out=largest)"),),
        _AMSGRAD,
    ),
    _mutant(
        "largest_gradient",
        "amsgrad takes the largest squared gradient instead of the largest mean of squares",
        ((_LARGEST, "square = torch.maximum(largest, gradient**2, out=largest)"),),
        _AMSGRAD,
    ),
    _mutant(
        "largest_starts_anew",
        "amsgrad's largest square starts anew every few iterations",
        (
            (
                _LARGEST,
                'largest.mul_(state["iteration"] % 10 > 0)\n            ' + _LARGEST,
            ),
        ),
        _AMSGRAD,
    ),
    _mutant(
        "always_amsgrad",
        "the largest mean of squares is used, as with amsgrad, although none is asked for",
        (("if amsgrad:", "if True:"),),
    ),
]

SHARED = [*_BIAS_CORRECTION, *_EPSILON, *_AVERAGES, *_LARGEST_SQUARE]

MUTANTS = [
    *SHARED,
    _mutant(
        "decay_in_mean_only",
        "the weight decay enters the mean of the gradients but not that of their squares",
        (
            ("gradients = effective(", "decayed = effective("),
            ("    for parameter, gradient, mean,", "    for parameter, gradient, both, mean,"),
            ("parameters, gradients, state[", "parameters, gradients, decayed, state["),
            ("mean.lerp_(gradient,", "mean.lerp_(both,"),
        ),
        {"weight_decay": 0.1},
    ),
]


def of_adamw(mutant):
    """Make the same mistake in AdamW."""
    return replace(mutant, rule="adamw")
