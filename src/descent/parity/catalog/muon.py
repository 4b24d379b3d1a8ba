"""Mistakes in Muon."""

from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "muon")

_MEAN = "average.lerp_(gradient, 1 - momentum)"
_UPDATE = "update = gradient.lerp(average, momentum) if nesterov else average"
_MATRIX = "matrix = update.reshape(len(update), -1)"
_DECAY = "        parameter.mul_(1 - lr * weight_decay)\n"
_STEP = "        parameter.sub_(direction, alpha=lr * _adjustment(adjust_lr_fn, *matrix.shape))\n"
_NORM = "x = x / x.norm().clamp(min=eps)"
_ITERATION = "x = torch.addmm(x, torch.addmm(y, y, y, beta=b, alpha=c), x, beta=a)"
_SCALE = "return max(1, rows / columns) ** 0.5"

MUTANTS = [
    _mutant(
        "gradient_orthogonalized",
        "the gradient is orthogonalized in place of the momentum",
        ((_MATRIX, "matrix = gradient.reshape(len(update), -1)"),),
        seen="google-deepmind/optax#1170",
    ),
    _mutant(
        "momentum_as_sum",
        "the momentum sums the gradients: the factor 1 - momentum is missing",
        ((_MEAN, "average.mul_(momentum).add_(gradient)"),),
    ),
    _mutant(
        "weights_of_momentum_swapped",
        "momentum weighs the new gradient, and 1 - momentum the old average",
        ((_MEAN, "average.lerp_(gradient, momentum)"),),
    ),
    _mutant(
        "momentum_not_stored",
        "the momentum is computed but not stored",
        ((_MEAN, "average = average.lerp(gradient, 1 - momentum)"),),
    ),
    _mutant(
        "late_momentum",
        "the momentum is updated after the step instead of before",
        ((f"        {_MEAN}\n", ""), (_STEP, f"{_STEP}        {_MEAN}\n")),
    ),
    _mutant(
        "momentum_from_gradient",
        "the momentum starts at the first gradient instead of 0",
        (
            (
                "torch.zeros_like(parameter) for parameter in parameters",
                "gradient.clone() for gradient in gradients",
            ),
        ),
    ),
    _mutant(
        "nesterov_weights_swapped",
        "the weights of the gradient and of the momentum are swapped in Nesterov's step",
        (("gradient.lerp(average, momentum)", "average.lerp(gradient, momentum)"),),
    ),
    _mutant(
        "nesterov_as_sum",
        "in Nesterov's step, the whole gradient is added: its factor 1 - momentum is missing",
        (("gradient.lerp(average, momentum)", "gradient.add(average, alpha=momentum)"),),
    ),
    _mutant(
        "momentum_after",
        "the orthogonalized gradients are averaged in place of orthogonalizing their average",
        (
            (f"        {_MEAN}\n", ""),
            (_UPDATE, "update = gradient"),
            (
                "        parameter.sub_(direction,",
                "        average.lerp_(direction.to(average), 1 - momentum)\n"
                "        parameter.sub_(average,",
            ),
        ),
    ),
    _mutant(
        "not_orthogonalized",
        "the momentum is not orthogonalized",
        (("return x.T if tall else x", "return matrix"),),
    ),
    _mutant(
        "only_normalized",
        "the momentum is only divided by its norm, not orthogonalized",
        (("for _ in range(steps):", "for _ in range(0):"),),
    ),
    _mutant(
        "not_normalized",
        "the matrix is not divided by its norm before the Newton-Schulz iteration",
        ((f"    {_NORM}\n", ""),),
    ),
    _mutant(
        "largest_for_norm",
        "the matrix is divided by its largest element in place of its norm",
        (("x.norm().clamp", "x.abs().max().clamp"),),
    ),
    _mutant(
        "rows_normalized",
        "each row is divided by its own norm in place of the norm of the matrix",
        (("x.norm().clamp", "x.norm(dim=1, keepdim=True).clamp"),),
    ),
    _mutant(
        "norm_kept",
        "the result of the Newton-Schulz iteration is multiplied by the norm again",
        (
            (_NORM, f"norm = x.norm()\n    {_NORM}"),
            ("return x.T if tall else x", "return norm * (x.T if tall else x)"),
        ),
    ),
    _mutant(
        "not_transposed_back",
        "a tall matrix is not transposed back after the Newton-Schulz iteration",
        (("return x.T if tall else x", "return x.contiguous()"),),
    ),
    _mutant(
        "full_precision",
        "the Newton-Schulz iteration runs in the precision of the parameters, not in bfloat16",
        (("matrix.bfloat16()", "matrix"),),
    ),
    _mutant(
        "half_precision",
        "the Newton-Schulz iteration runs in float16, not in bfloat16",
        (("matrix.bfloat16()", "matrix.half()"),),
    ),
    _mutant(
        "one_step_missing",
        "the Newton-Schulz iteration takes one step too few",
        (("range(steps)", "range(steps - 1)"),),
    ),
    _mutant(
        "one_step_more",
        "the Newton-Schulz iteration takes one step too many",
        (("range(steps)", "range(steps + 1)"),),
    ),
    _mutant(
        "classical_coefficients",
        "the Newton-Schulz iteration has its classical coefficients, which converge more slowly",
        (("a, b, c = coefficients", "a, b, c = 1.875, -1.25, 0.375"),),
    ),
    _mutant(
        "coefficient_of_wrong_sign",
        "a coefficient of the Newton-Schulz iteration has the wrong sign",
        (("a, b, c = coefficients", "a, b, c = coefficients\n    c = -c"),),
    ),
    _mutant(
        "coefficients_swapped",
        "the last two coefficients of the Newton-Schulz iteration are swapped",
        (("a, b, c = coefficients", "a, c, b = coefficients"),),
    ),
    _mutant(
        "cubic",
        "the quintic term of the Newton-Schulz iteration is missing",
        ((_ITERATION, "x = torch.addmm(x, b * y, x, beta=a)"),),
    ),
    _mutant(
        "no_scale",
        "the step is not scaled with the shape of the matrix",
        ((_SCALE, "return 1"),),
    ),
    _mutant(
        "scale_of_transpose",
        "rows and columns are swapped in the scale of the step",
        ((_SCALE, "return max(1, columns / rows) ** 0.5"),),
    ),
    _mutant(
        "scale_without_root",
        "the root is missing in the scale of the step",
        ((_SCALE, "return max(1, rows / columns)"),),
    ),
    _mutant(
        "scale_without_maximum",
        "the scale of the step is not limited from below by 1",
        ((_SCALE, "return (rows / columns) ** 0.5"),),
    ),
    _mutant(
        "scale_of_larger_side",
        "the step is scaled with the root of the larger side, as for the step size of AdamW",
        ((_SCALE, "return max(rows, columns) ** 0.5"),),
    ),
    _mutant(
        "decay_without_rate",
        "the weight decay is not multiplied by the learning rate",
        ((_DECAY, _DECAY.replace("lr * ", "")),),
    ),
    _mutant(
        "coupled",
        "the weight decay is added to the gradient instead of shrinking the weights",
        ((_DECAY, ""), (_MEAN, f"gradient = gradient + weight_decay * parameter\n        {_MEAN}")),
    ),
    _mutant(
        "decay_after_step",
        "the weights are shrunk after the step instead of before",
        ((_DECAY, ""), (_STEP, _STEP + _DECAY)),
    ),
    _mutant(
        "decay_with_scale",
        "the weight decay is multiplied by the scale of the step as well",
        ((_DECAY, _DECAY.replace("lr *", "lr * _adjustment(adjust_lr_fn, *matrix.shape) *")),),
    ),
    _mutant(
        "decay_of_weights_only",
        "the biases get no weight decay",
        ((_DECAY, _DECAY.replace("weight_decay", "weight_decay * (parameter.ndim > 1)")),),
    ),
    _mutant(
        "decay_of_wrong_sign",
        "the weight decay has the wrong sign, so that the weights grow",
        ((_DECAY, _DECAY.replace("1 -", "1 +")),),
    ),
    _mutant(
        "biases_as_rows",
        "biases are treated as matrices with one row in place of one column",
        ((_MATRIX, "matrix = update.reshape(1, -1) if update.ndim == 1 else update"),),
    ),
    _mutant(
        "biases_not_orthogonalized",
        "biases are not orthogonalized: they step along the momentum",
        (
            (
                "        parameter.sub_(direction,",
                "        if parameter.ndim == 1:\n            direction = update\n"
                "        parameter.sub_(direction,",
            ),
        ),
    ),
    _mutant(
        "rate_in_momentum",
        "the learning rate is part of the momentum, so that a change of it acts late",
        (
            (_MEAN, "average.mul_(momentum).add_(gradient, alpha=lr * (1 - momentum))"),
            ("gradient.lerp(average, momentum)", "(lr * gradient).lerp(average, momentum)"),
        ),
        changing=True,
    ),
]
