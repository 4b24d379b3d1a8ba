"""Mistakes in Adamax."""

from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "adamax")

_COUNT = '    state["iteration"] += 1\n'
_RATE = 'rate = lr / (1 - beta1 ** state["iteration"])'
_MEAN = "mean.lerp_(gradient, 1 - beta1)"
_LARGEST = "torch.maximum(largest.mul_(beta2), gradient.abs().add_(eps), out=largest)"
_STEP = "parameter.addcdiv_(mean, largest, value=-rate)"
_EPS = {"eps": 0.1}

MUTANTS = [
    _mutant(
        "no_correction",
        "the bias of the mean of the gradients is not corrected",
        ((_RATE, "rate = lr"),),
    ),
    _mutant(
        "correction_of_largest",
        "the largest magnitude is corrected for a bias that it does not have",
        (("value=-rate", 'value=-rate * (1 - beta2 ** state["iteration"])'),),
    ),
    _mutant(
        "correction_with_beta2",
        "the bias of the mean is corrected with beta2 in place of beta1",
        ((_RATE, _RATE.replace("beta1", "beta2")),),
    ),
    _mutant(
        "iterations_from_2",
        "the bias correction counts one iteration too many",
        ((_RATE, 'rate = lr / (1 - beta1 ** (state["iteration"] + 1))'),),
    ),
    _mutant(
        "counter_stands_still",
        "the iteration counter never advances",
        ((_COUNT, '    state["iteration"] = 1\n'),),
    ),
    _mutant(
        "count_of_tensors",
        "the iteration counter advances once for every tensor, not once in every iteration",
        (
            (_COUNT, ""),
            (f"    {_RATE}\n", ""),
            (_MEAN, f'state["iteration"] += 1\n        {_RATE}\n        {_MEAN}'),
        ),
    ),
    _mutant(
        "corrected_mean_kept",
        "the corrected mean of the gradients is stored, so that the corrections pile up",
        (
            (
                _STEP,
                'mean.div_(1 - beta1 ** state["iteration"])\n'
                "        parameter.addcdiv_(mean, largest, value=-lr)",
            ),
        ),
    ),
    _mutant("no_eps", "eps is missing", ((".add_(eps)", ""),), _EPS),
    _mutant(
        "eps_after_maximum",
        "eps is added to the maximum instead of the magnitude of the gradient",
        ((".add_(eps)", ""), (_STEP, _STEP.replace("largest", "largest + eps"))),
        _EPS,
    ),
    _mutant(
        "eps_kept",
        "eps is added to the maximum in place, so that it piles up",
        ((".add_(eps)", ""), (_STEP, _STEP.replace("largest", "largest.add_(eps)"))),
        _EPS,
    ),
    _mutant(
        "eps_as_minimum",
        "eps is a lower limit of the maximum instead of being added to the magnitude",
        ((".add_(eps)", ".clamp_(min=eps)"),),
        _EPS,
    ),
    _mutant("eps_squared", "eps is squared", ((".add_(eps)", ".add_(eps**2)"),), _EPS),
    _mutant(
        "maximum_without_decay",
        "the largest magnitude does not decay",
        (("largest.mul_(beta2)", "largest"),),
    ),
    _mutant(
        "maximum_decays_after",
        "the largest magnitude decays after the maximum is taken instead of before",
        (("largest.mul_(beta2)", "largest"), ("out=largest)", "out=largest).mul_(beta2)")),
    ),
    _mutant(
        "average_for_maximum",
        "the magnitudes are averaged in place of taking their maximum",
        ((_LARGEST, "largest.lerp_(gradient.abs().add_(eps), 1 - beta2)"),),
    ),
    _mutant(
        "sum_for_maximum",
        "the magnitudes are added up in place of taking their maximum",
        ((_LARGEST, "largest.mul_(beta2).add_(gradient.abs().add_(eps))"),),
    ),
    _mutant(
        "minimum",
        "the minimum is taken in place of the maximum",
        (
            (
                _LARGEST,
                "size = gradient.abs().add_(eps)\n"
                "        before = torch.where(largest > 0, largest * beta2, size)\n"
                "        torch.minimum(before, size, out=largest)",
            ),
        ),
    ),
    _mutant(
        "squares",
        "the maximum is of squared gradients instead of their magnitudes",
        (("gradient.abs()", "gradient.square()"),),
    ),
    _mutant(
        "root_of_squares",
        "the maximum is of squared gradients, and its root is taken, so that it decays more slowly",
        (
            ("gradient.abs()", "gradient.square()"),
            (_STEP, _STEP.replace("largest", "largest.sqrt()")),
        ),
    ),
    _mutant(
        "root_of_largest",
        "the root of the largest magnitude is taken",
        ((_STEP, _STEP.replace("largest", "largest.sqrt()")),),
    ),
    _mutant(
        "signed_maximum",
        "the maximum is of the gradients instead of their magnitudes",
        (("gradient.abs()", "gradient.clone()"),),
    ),
    _mutant(
        "maximum_of_tensor",
        "one maximum serves a whole tensor instead of each of its elements",
        ((_STEP, _STEP.replace("largest", "largest.max()")),),
    ),
    _mutant(
        "maximum_of_mean",
        "the maximum is of the mean of the gradients instead of the gradient",
        (("gradient.abs()", "mean.abs()"),),
    ),
    _mutant(
        "largest_not_stored",
        "the largest magnitude is computed but not stored",
        (
            (", out=largest)", ")"),
            ("torch.maximum(largest.mul_(", "largest = torch.maximum(largest.mul("),
        ),
    ),
    _mutant(
        "late_maximum",
        "the largest magnitude is updated after the step instead of before",
        (
            (_LARGEST, f"before = largest.clamp(min=eps)\n        {_LARGEST}"),
            (_STEP, _STEP.replace("largest", "before")),
        ),
    ),
    _mutant(
        "betas_swapped", "beta1 and beta2 are swapped", (("beta1, beta2 =", "beta2, beta1 ="),)
    ),
    _mutant(
        "mean_as_sum",
        "the gradients are summed: the factor 1 - beta1 is missing",
        ((_MEAN, "mean.mul_(beta1).add_(gradient)"),),
    ),
    _mutant(
        "weights_swapped",
        "beta1 weighs the new gradient, and 1 - beta1 the old mean",
        ((_MEAN, "mean.lerp_(gradient, beta1)"),),
    ),
    _mutant(
        "mean_not_stored",
        "the mean of the gradients is computed but not stored",
        ((_MEAN, "mean = mean.lerp(gradient, 1 - beta1)"),),
    ),
    _mutant(
        "gradient_for_mean",
        "the gradient itself is divided by the maximum in place of its mean",
        ((_STEP, "parameter.addcdiv_(gradient, largest, value=-lr)"),),
    ),
    _mutant(
        "late_mean",
        "the mean of the gradients is updated after the step instead of before",
        ((f"        {_MEAN}\n", ""), (_STEP, f"{_STEP}\n        {_MEAN}")),
    ),
    _mutant(
        "mean_from_gradient",
        "the mean starts at the first gradient instead of 0",
        ((_MEAN, 'mean.lerp_(gradient, 1 - beta1 if state["iteration"] > 1 else 1)'),),
    ),
]
