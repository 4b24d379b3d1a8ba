"""Mistakes in Adadelta."""

from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "adadelta")

_SQUARE = "square.mul_(rho).addcmul_(gradient, gradient, value=1 - rho)"
_ABOVE, _BELOW = "squared_update.add(eps).sqrt_()", "square.add(eps).sqrt_()"
_UPDATE = f"update = {_ABOVE} / {_BELOW} * gradient"
_UPDATES = "squared_update.mul_(rho).addcmul_(update, update, value=1 - rho)"
_STEP = "parameter.sub_(update, alpha=lr)"
_RATE = {"lr": 0.5}

MUTANTS = [
    _mutant(
        "eps_after_roots",
        "eps is added to both roots instead of under them",
        ((_UPDATE, "update = (squared_update.sqrt() + eps) / (square.sqrt() + eps) * gradient"),),
    ),
    _mutant(
        "eps_after_lower_root",
        "eps is added to the root below instead of under it",
        ((f"/ {_BELOW}", "/ (square.sqrt() + eps)"),),
    ),
    _mutant(
        "eps_after_upper_root",
        "eps is added to the root above instead of under it",
        ((_ABOVE, "(squared_update.sqrt() + eps)"),),
    ),
    _mutant(
        "no_eps_below",
        "eps is missing in the root below",
        ((f"/ {_BELOW}", "/ square.sqrt()"),),
    ),
    _mutant(
        "eps_squared",
        "eps is squared",
        ((_UPDATE, _UPDATE.replace("eps", "eps**2")),),
    ),
    _mutant(
        "no_roots",
        "the roots are not taken",
        (
            (
                _UPDATE,
                _UPDATE.replace(".sqrt_()", "").replace("/ square.add(eps)", "/ (square + eps)"),
            ),
        ),
    ),
    _mutant(
        "no_upper_root",
        "the root of the mean of squared updates is not taken",
        ((_ABOVE, "squared_update.add(eps)"),),
    ),
    _mutant(
        "inverted",
        "the two roots are swapped: the ratio is inverted",
        ((_UPDATE, f"update = {_BELOW} / {_ABOVE} * gradient"),),
    ),
    _mutant(
        "no_upper_factor",
        "the mean of squared updates is left out, as in RMSprop",
        ((f"{_ABOVE} /", "1 /"),),
    ),
    _mutant(
        "rate_in_updates",
        "the learning rate is part of the updates that are averaged",
        (("* gradient\n", "* gradient * lr\n"), (_STEP, "parameter.sub_(update)")),
        _RATE,
    ),
    _mutant(
        "rate_squared",
        "the learning rate is applied twice",
        (("alpha=lr", "alpha=lr**2"),),
        _RATE,
    ),
    _mutant(
        "gradients_as_updates",
        "the squared gradients are averaged in place of the squared updates",
        ((_UPDATES, "squared_update.mul_(rho).addcmul_(gradient, gradient, value=1 - rho)"),),
    ),
    _mutant(
        "updates_not_squared",
        "the absolute updates are averaged in place of their squares",
        ((_UPDATES, "squared_update.lerp_(update.abs(), 1 - rho)"),),
    ),
    _mutant(
        "absolute_value",
        "the absolute gradients are averaged in place of their squares",
        ((_SQUARE, "square.lerp_(gradient.abs(), 1 - rho)"),),
    ),
    _mutant(
        "weights_of_squares_swapped",
        "rho weighs the new squared gradient, and 1 - rho the old mean of squares",
        ((_SQUARE, "square.lerp_(gradient**2, rho)"),),
    ),
    _mutant(
        "weights_of_updates_swapped",
        "rho weighs the new squared update, and 1 - rho the old mean of squared updates",
        ((_UPDATES, "squared_update.lerp_(update**2, rho)"),),
    ),
    _mutant(
        "weights_swapped",
        "rho weighs what is new in both averages, and 1 - rho what is old",
        (
            (_SQUARE, "square.lerp_(gradient**2, rho)"),
            (_UPDATES, "squared_update.lerp_(update**2, rho)"),
        ),
    ),
    _mutant(
        "squares_as_sum",
        "the squared gradients are summed: the factor 1 - rho is missing",
        ((_SQUARE, "square.mul_(rho).addcmul_(gradient, gradient)"),),
    ),
    _mutant(
        "all_squares_summed",
        "the squared gradients of all iterations are summed, as in Adagrad",
        ((_SQUARE, "square.addcmul_(gradient, gradient)"),),
    ),
    _mutant(
        "updates_as_sum",
        "the squared updates are summed: their factor 1 - rho is missing",
        ((_UPDATES, "squared_update.mul_(rho).addcmul_(update, update)"),),
    ),
    _mutant(
        "parentheses",
        "a misplaced parenthesis: the squared gradient also multiplies the old mean of squares",
        ((_SQUARE, "square.mul_(rho).add_(1 - rho).mul_(gradient**2)"),),
        seen="deeplearning4j/nd4j#1239",
    ),
    _mutant(
        "squares_not_stored",
        "the mean of the squared gradients is computed but not stored",
        (("square.mul_(rho).addcmul_(gradient", "square = square.mul(rho).addcmul_(gradient"),),
    ),
    _mutant(
        "updates_not_stored",
        "the mean of the squared updates is never updated",
        ((f"        {_UPDATES}\n", ""),),
    ),
    _mutant(
        "late_squares",
        "the mean of the squared gradients is updated after the step instead of before",
        ((f"        {_SQUARE}\n", ""), (_STEP, f"{_STEP}\n        {_SQUARE}")),
    ),
    _mutant(
        "updates_in_time",
        "the mean of squared updates is updated before the step that it scales",
        ((_STEP, f"parameter.sub_({_ABOVE} / {_BELOW} * gradient, alpha=lr)"),),
    ),
    _mutant(
        "corrected",
        "the bias of the averages is corrected, as in Adam",
        (
            (
                "    gradients = effective(",
                '    t = state["t"] = state.get("t", 0) + 1\n    gradients = effective(',
            ),
            (f"/ {_BELOW}", "/ square.div(1 - rho**t).add_(eps).sqrt_()"),
        ),
    ),
]
