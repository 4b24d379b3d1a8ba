"""Mistakes in RAdam."""

from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "radam")

_COUNT = '    state["iteration"] += 1\n'
_BIAS = "bias1, bias2 = 1 - beta1**t, 1 - beta2**t"
_RHO_INF, _RHO = "rho_inf = 2 / (1 - beta2) - 1", "rho = rho_inf - 2 * t * beta2**t / bias2"
_R = "((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) ** 0.5"
_MEAN = "mean.lerp_(gradient, 1 - beta1)"
_SQUARE = "square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)"
_UPDATE = "update = mean / bias1 * lr"
_SCALED = "update = update * (bias2**0.5 / square.sqrt().add_(eps)) * r"
_STEP = "        parameter.sub_(update)\n"
_EPS = {"eps": 0.1}

MUTANTS = [
    _mutant(
        "threshold_4",
        "the rectification begins earlier, at rho > 4, as in the paper",
        (("if rho > 5:", "if rho > 4:"),),
        seen="taki0112/RAdam-Tensorflow#2, lessw2020/Ranger-Deep-Learning-Optimizer#2",
    ),
    _mutant(
        "threshold_6",
        "the rectification begins one iteration too late",
        (("if rho > 5:", "if rho > 6:"),),
    ),
    _mutant(
        "no_rectification",
        "the rectification r is missing",
        ((f"r = {_R}", "r = 1"),),
    ),
    _mutant(
        "rectification_inverted",
        "the rectification r is divided by instead of being multiplied",
        ((f"{_SCALED}", _SCALED.replace("* r", "/ r")),),
    ),
    _mutant(
        "rectification_squared",
        "the root of the rectification r is not taken",
        ((f"r = {_R}", f"r = {_R.removesuffix(' ** 0.5')}"),),
    ),
    _mutant(
        "rectification_swapped",
        "rho and its limit are swapped in the rectification",
        ((f"r = {_R}", f"r = 1 / {_R}"), (_SCALED, _SCALED.replace(" * r", " * min(r, 2)"))),
    ),
    _mutant(
        "factor_rho_missing",
        "the factor of the limit of rho over rho is missing in the rectification",
        ((f"r = {_R}", "r = ((rho - 4) * (rho - 2) / ((rho_inf - 4) * (rho_inf - 2))) ** 0.5"),),
    ),
    _mutant(
        "rectified_mean_only",
        "the step is rectified, but never divided by the root",
        ((_SCALED, "update = update * r"),),
    ),
    _mutant(
        "always_divided",
        "the step is divided by the root from the first iteration on",
        (("if rho > 5:", "if True:"), (f"r = {_R}", f"r = {_R} if rho > 5 else 1")),
    ),
    _mutant(
        "never_divided",
        "the step is never divided by the root",
        (("if rho > 5:", "if False:"),),
    ),
    _mutant(
        "no_first_steps",
        "no step is taken before the rectification begins",
        ((_STEP, "        if rho > 5:\n            parameter.sub_(update)\n"),),
    ),
    _mutant(
        "first_steps_along_gradient",
        "the steps before the rectification are along the gradient instead of its mean",
        ((_STEP, "        parameter.sub_(update if rho > 5 else lr * gradient)\n"),),
    ),
    _mutant(
        "first_steps_not_corrected",
        "the steps before the rectification are not corrected for the bias of the mean",
        ((_STEP, "        parameter.sub_(update if rho > 5 else update * bias1)\n"),),
    ),
    _mutant(
        "limit_without_1",
        "the limit of rho lacks the - 1",
        ((_RHO_INF, "rho_inf = 2 / (1 - beta2)"),),
    ),
    _mutant(
        "limit_of_beta1",
        "the limit of rho is computed from beta1 in place of beta2",
        ((_RHO_INF, "rho_inf = 2 / (1 - beta1) - 1"),),
    ),
    _mutant(
        "rho_without_2",
        "the factor of 2 is missing in rho",
        ((_RHO, "rho = rho_inf - t * beta2**t / bias2"),),
    ),
    _mutant(
        "rho_not_corrected",
        "rho is not divided by the bias correction",
        ((_RHO, "rho = rho_inf - 2 * t * beta2**t"),),
    ),
    _mutant(
        "rho_of_beta1",
        "rho is computed with beta1 in place of beta2",
        ((_RHO, "rho = rho_inf - 2 * t * beta1**t / bias1"),),
    ),
    _mutant(
        "rate_times_iteration",
        "the learning rate is multiplied by the iteration",
        ((_UPDATE, "update = mean / bias1 * lr * t"),),
        seen="tensorflow/swift-apis#564",
    ),
    _mutant(
        "no_correction_of_mean",
        "the bias of the mean of the gradients is not corrected",
        ((_UPDATE, "update = mean * lr"),),
    ),
    _mutant(
        "no_correction_of_squares",
        "the bias of the mean of the squared gradients is not corrected",
        (("(bias2**0.5 /", "(1 /"),),
    ),
    _mutant(
        "no_correction",
        "neither the mean of the gradients nor that of their squares is corrected for its bias",
        ((_UPDATE, "update = mean * lr"), ("(bias2**0.5 /", "(1 /")),
    ),
    _mutant(
        "correction_without_root",
        "the bias correction of the squared gradients is outside the root, but its root is not "
        "taken",
        (("bias2**0.5 /", "bias2 /"),),
    ),
    _mutant(
        "correction_with_wrong_beta",
        "the bias of the mean of the gradients is corrected with beta2 in place of beta1",
        ((_BIAS, "bias1 = bias2 = 1 - beta2**t"),),
    ),
    _mutant(
        "iterations_from_2",
        "the iterations are counted one too many",
        (('t = state["iteration"]\n', 't = state["iteration"] + 1\n'),),
    ),
    _mutant(
        "correction_one_ahead",
        "the bias correction counts one iteration too many, but rho does not",
        ((_RHO, f"{_RHO}\n    bias1, bias2 = 1 - beta1 ** (t + 1), 1 - beta2 ** (t + 1)"),),
    ),
    _mutant(
        "counter_stands_still",
        "the iteration counter never advances",
        ((_COUNT, '    state["iteration"] = 1\n'),),
    ),
    _mutant(
        "corrected_mean_kept",
        "the corrected mean of the gradients is stored, so that the corrections pile up",
        ((_UPDATE, "update = mean.div_(bias1) * lr"),),
        seen="frgfm/holocron#1",
    ),
    _mutant(
        "eps_under_root",
        "eps is added under the root",
        (("square.sqrt().add_(eps)", "square.add(eps).sqrt_()"),),
    ),
    _mutant(
        "eps_after_correction",
        "eps is added after the bias correction of the squares, as in Adam, instead of before",
        (("(bias2**0.5 / square.sqrt().add_(eps))", "1 / (square.sqrt() / bias2**0.5 + eps)"),),
        _EPS,
    ),
    _mutant("no_eps", "eps is missing", ((".add_(eps)", ""),), _EPS),
    _mutant(
        "eps_as_minimum",
        "eps is a lower limit of the root instead of being added to it",
        ((".add_(eps)", ".clamp_(min=eps)"),),
        _EPS,
    ),
    _mutant("eps_squared", "eps is squared", ((".add_(eps)", ".add_(eps**2)"),), _EPS),
    _mutant("no_root", "the root is not taken", (("square.sqrt()", "square.clone()"),)),
    _mutant(
        "betas_swapped",
        "beta1 and beta2 are swapped",
        (("beta1, beta2 =", "beta2, beta1 ="),),
        {"betas": (0.95, 0.99)},
    ),
    _mutant(
        "mean_as_sum",
        "the gradients are summed: the factor 1 - beta1 is missing",
        ((_MEAN, "mean.mul_(beta1).add_(gradient)"),),
    ),
    _mutant(
        "squares_as_sum",
        "the squared gradients are summed: the factor 1 - beta2 is missing",
        ((", value=1 - beta2)", ")"),),
    ),
    _mutant(
        "squares_only_once_rectified",
        "the squared gradients are averaged only once the rectification has begun",
        (
            (f"        {_SQUARE}\n", ""),
            (f"            r = {_R}", f"            {_SQUARE}\n            r = {_R}"),
        ),
    ),
    _mutant(
        "mean_not_stored",
        "the mean of the gradients is computed but not stored",
        ((_MEAN, "mean = mean.lerp(gradient, 1 - beta1)"),),
    ),
    _mutant(
        "squares_not_stored",
        "the mean of the squared gradients is computed but not stored",
        (("square.mul_(beta2)", "square = square.mul(beta2)"),),
    ),
    _mutant(
        "late_mean",
        "the mean of the gradients is updated after the step instead of before",
        ((f"        {_MEAN}\n", ""), (_STEP, f"{_STEP}        {_MEAN}\n")),
    ),
]
