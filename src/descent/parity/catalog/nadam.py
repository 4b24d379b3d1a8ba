"""Mistakes in NAdam."""

from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "nadam")

_COUNT = '    state["iteration"] += 1\n'
_MU = "beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))"
_PRODUCT = '    state["momenta"] *= momentum\n'
_GRADIENT_RATE = 'gradient_rate = lr * (1 - momentum) / (1 - state["momenta"])'
_MEAN_RATE = 'mean_rate = lr * next_momentum / (1 - state["momenta"] * next_momentum)'
_BIAS2 = 'bias2 = 1 - beta2 ** state["iteration"]'
_MEAN = "mean.lerp_(gradient, 1 - beta1)"
_SQUARE = "square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)"
_ROOT = "square.div(bias2).sqrt_().add_(eps)"
_ALONG_GRADIENT = "        parameter.addcdiv_(gradient, denominator, value=-gradient_rate)\n"
_ALONG_MEAN = "        parameter.addcdiv_(mean, denominator, value=-mean_rate)\n"
_EPS = {"eps": 0.1}

MUTANTS = [
    _mutant(
        "no_product",
        "the bias correction uses the current momentum in place of the product of all momenta",
        ((_PRODUCT, '    state["momenta"] = momentum\n'),),
    ),
    _mutant(
        "product_starts_at_0",
        "neither term is divided by one minus the product of the momenta, as when that starts at 0",
        (
            (
                'state["iteration"], state["momenta"] = 0, 1.0',
                'state["iteration"], state["momenta"] = 0, 0.0',
            ),
        ),
        seen="dotnet/TorchSharp#1154",
    ),
    _mutant(
        "momentum_twice",
        "the current momentum counts twice in the product up to the next iteration",
        ((_MEAN_RATE, _MEAN_RATE.replace("* next", "* momentum * next")),),
        seen="pytorch/pytorch#92699, dotnet/TorchSharp#1155",
    ),
    _mutant(
        "product_without_next",
        "the bias correction of the mean leaves out the momentum of the next iteration",
        ((_MEAN_RATE, 'mean_rate = lr * next_momentum / (1 - state["momenta"])'),),
    ),
    _mutant(
        "products_as_powers",
        "the bias correction uses powers of beta1 in place of the products of the momenta",
        (
            (
                _GRADIENT_RATE,
                'gradient_rate = lr * (1 - momentum) / (1 - beta1 ** state["iteration"])',
            ),
            (
                _MEAN_RATE,
                'mean_rate = lr * next_momentum / (1 - beta1 ** (state["iteration"] + 1))',
            ),
        ),
    ),
    _mutant(
        "product_of_next",
        "the product of the momenta is one iteration ahead",
        ((_PRODUCT, '    state["momenta"] *= next_momentum\n'),),
    ),
    _mutant(
        "product_of_tensors",
        "the product of the momenta advances once for every tensor",
        ((_PRODUCT, '    state["momenta"] *= momentum ** len(parameters)\n'),),
    ),
    _mutant(
        "sum_for_product",
        "the momenta are averaged over the iterations in place of being multiplied",
        (
            (
                _PRODUCT,
                '    state["momenta"] += (momentum - state["momenta"]) / state["iteration"]\n',
            ),
        ),
    ),
    _mutant(
        "schedule_from_0",
        "the schedule of the momentum is one iteration late",
        (
            (
                '(state["iteration"], state["iteration"] + 1)',
                '(state["iteration"] - 1, state["iteration"])',
            ),
        ),
    ),
    _mutant(
        "schedule_ahead",
        "the schedule of the momentum is one iteration ahead",
        (
            (
                '(state["iteration"], state["iteration"] + 1)',
                '(state["iteration"] + 1, state["iteration"] + 2)',
            ),
        ),
    ),
    _mutant(
        "decay_base",
        "the base of the schedule of the momentum is wrong",
        (("0.5 * 0.96 **", "0.5 * 0.99 **"),),
    ),
    _mutant(
        "no_half",
        "the factor of a half is missing in the schedule of the momentum",
        (("- 0.5 * 0.96 **", "- 0.96 **"),),
    ),
    _mutant(
        "schedule_sign",
        "the schedule of the momentum has a wrong sign, so that the momentum falls",
        (("(1 - 0.5 * 0.96 **", "(1 + 0.05 * 0.96 **"),),
    ),
    _mutant(
        "schedule_missing",
        "the momentum is beta1 in all iterations: its schedule is missing",
        ((_MU, "beta1 + 0 * t"),),
    ),
    _mutant(
        "decay_outside",
        "momentum_decay multiplies the power in the schedule instead of its exponent",
        (("0.96 ** (t * momentum_decay)", "momentum_decay * 0.96 ** t"),),
    ),
    _mutant(
        "next_is_current",
        "the momentum of the next iteration is taken to be the current one",
        ((_MEAN_RATE, 'mean_rate = lr * momentum / (1 - state["momenta"] * momentum)'),),
    ),
    _mutant(
        "no_gradient_term",
        "the step has no term along the gradient, only the one along the mean",
        ((_ALONG_GRADIENT, ""),),
    ),
    _mutant(
        "no_mean_term",
        "the step has no term along the mean, only the one along the gradient",
        ((_ALONG_MEAN, ""),),
    ),
    _mutant(
        "constant_gradient_rate",
        "the term along the gradient has the factor 1 - beta1 in place of 1 minus the momentum",
        ((_GRADIENT_RATE, _GRADIENT_RATE.replace("1 - momentum", "1 - beta1")),),
    ),
    _mutant(
        "no_correction_of_gradient",
        "the term along the gradient is not divided by one minus the product of the momenta",
        ((_GRADIENT_RATE, "gradient_rate = lr * (1 - momentum)"),),
    ),
    _mutant(
        "no_correction_of_mean",
        "the term along the mean is not divided by one minus the product of the momenta",
        ((_MEAN_RATE, "mean_rate = lr * next_momentum"),),
    ),
    _mutant(
        "no_look_ahead",
        "the step does not look ahead, as in Adam",
        (
            (_ALONG_GRADIENT, ""),
            (
                _ALONG_MEAN,
                '        bias1 = 1 - beta1 ** state["iteration"]\n'
                "        parameter.addcdiv_(mean, denominator, value=-lr / bias1)\n",
            ),
        ),
    ),
    _mutant(
        "no_correction_of_squares",
        "the bias of the mean of the squared gradients is not corrected",
        ((_BIAS2, "bias2 = 1"),),
    ),
    _mutant(
        "iterations_from_2",
        "the bias correction of the squares counts one iteration too many",
        ((_BIAS2, 'bias2 = 1 - beta2 ** (state["iteration"] + 1)'),),
    ),
    _mutant(
        "counter_stands_still",
        "the iteration counter never advances",
        ((_COUNT, '    state["iteration"] = 1\n'),),
    ),
    _mutant(
        "corrected_squares_kept",
        "the corrected mean of the squared gradients is stored, so that the corrections pile up",
        ((".div(bias2).sqrt_()", ".div_(bias2).sqrt()"),),
    ),
    _mutant(
        "weighted_mean_kept",
        "the mean is multiplied by its momentum in place, so that it is overwritten",
        (
            (
                _ALONG_MEAN,
                _ALONG_MEAN.replace("(mean,", "(mean.mul_(next_momentum),").replace(
                    "-mean_rate", "-mean_rate / next_momentum"
                ),
            ),
        ),
        seen="deeplearning4j/nd4j#1891",
    ),
    _mutant(
        "eps_under_root",
        "eps is added under the root",
        ((_ROOT, "square.div(bias2).add_(eps).sqrt_()"),),
    ),
    _mutant(
        "eps_before_correction",
        "eps is added before the bias correction, and is divided by it as well",
        ((_ROOT, "square.sqrt().add_(eps).div_(bias2**0.5)"),),
    ),
    _mutant("no_eps", "eps is missing", ((".add_(eps)", ""),), _EPS),
    _mutant(
        "eps_as_minimum",
        "eps is a lower limit of the root instead of being added to it",
        ((".add_(eps)", ".clamp_(min=eps)"),),
        _EPS,
    ),
    _mutant("eps_squared", "eps is squared", ((".add_(eps)", ".add_(eps**2)"),), _EPS),
    _mutant("no_root", "the root is not taken", ((".sqrt_()", ""),)),
    _mutant(
        "betas_swapped", "beta1 and beta2 are swapped", (("beta1, beta2 =", "beta2, beta1 ="),)
    ),
    _mutant(
        "mean_as_sum",
        "the gradients are summed: the factor 1 - beta1 is missing",
        ((_MEAN, "mean.mul_(beta1).add_(gradient)"),),
    ),
    _mutant(
        "mean_with_momentum",
        "the mean decays with the momentum of the schedule in place of beta1",
        ((_MEAN, "mean.lerp_(gradient, 1 - momentum)"),),
    ),
    _mutant(
        "squares_as_sum",
        "the squared gradients are summed: the factor 1 - beta2 is missing",
        ((", value=1 - beta2)", ")"),),
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
        ((f"        {_MEAN}\n", ""), (_ALONG_MEAN, f"{_ALONG_MEAN}        {_MEAN}\n")),
    ),
]
