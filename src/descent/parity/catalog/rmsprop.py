"""Mistakes in RMSprop."""

from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "rmsprop")

_INIT = "    gradients = effective("
_SQUARE = "square.mul_(alpha).addcmul_(gradient, gradient, value=1 - alpha)"
_VARIANCE = "variance = square.addcmul(mean, mean, value=-1)"
_VELOCITY = "velocity.mul_(momentum).addcdiv_(gradient, variance.sqrt().add_(eps))"
_STEP = "parameter.sub_(velocity, alpha=lr)"
_ROOT = "variance.sqrt().add_(eps)"
_EPS, _CENTERED, _MOMENTUM = {"eps": 0.1}, {"centered": True}, {"momentum": 0.9}


def _start(value):
    line = f'        state["squares"] = [{value}]\n'
    return ((_INIT, line + _INIT),)


MUTANTS = [
    _mutant(
        "eps_under_root",
        "eps is added under the root",
        ((_ROOT, "variance.add(eps).sqrt_()"),),
        seen="pytorch/pytorch#23796, chainer/chainer#4754, keras-team/keras#435",
    ),
    _mutant("no_eps", "eps is missing", ((".add_(eps)", ""),), _EPS),
    _mutant("eps_squared", "eps is squared", ((".add_(eps)", ".add_(eps**2)"),), _EPS),
    _mutant(
        "eps_as_minimum",
        "eps is a lower limit of the root instead of being added to it",
        ((".add_(eps)", ".clamp_(min=eps)"),),
        _EPS,
    ),
    _mutant("no_root", "the root is not taken", ((_ROOT, "variance.add(eps)"),)),
    _mutant(
        "root_kept",
        "the root is taken in place, so that it overwrites the mean of the squares",
        (("variance.sqrt()", "variance.sqrt_()"), (".add_(eps)", ".add(eps)")),
    ),
    _mutant(
        "eps_kept",
        "eps is added in place to the mean of the squares, so that it piles up",
        ((_ROOT, "variance.add_(eps).sqrt()"),),
    ),
    _mutant(
        "absolute_value",
        "the absolute gradients are averaged in place of their squares",
        ((_SQUARE, "square.lerp_(gradient.abs(), 1 - alpha)"),),
    ),
    _mutant(
        "square_of_mean",
        "the mean of the gradients is squared, where their squares should be averaged",
        (("variance = square\n", "variance = mean.lerp_(gradient, 1 - alpha) ** 2\n"),),
    ),
    _mutant(
        "weights_swapped",
        "alpha weighs the new squared gradient, and 1 - alpha the old mean of squares",
        ((_SQUARE, "square.lerp_(gradient**2, alpha)"),),
    ),
    _mutant(
        "squares_as_sum",
        "the squared gradients are summed: the factor 1 - alpha is missing",
        ((", value=1 - alpha)", ")"),),
    ),
    _mutant(
        "all_squares_summed",
        "the squared gradients of all iterations are summed, as in Adagrad",
        ((_SQUARE, "square.addcmul_(gradient, gradient)"),),
    ),
    _mutant(
        "alpha_times_both",
        "alpha also multiplies the new squared gradient",
        ((_SQUARE, "square.addcmul_(gradient, gradient, value=1 - alpha).mul_(alpha)"),),
    ),
    _mutant(
        "squares_not_stored",
        "the mean of the squared gradients is computed but not stored",
        (("square.mul_(alpha)", "square = square.mul(alpha)"),),
    ),
    _mutant(
        "squares_from_1",
        "the mean of the squares starts at 1 instead of 0, as in TensorFlow 1",
        _start("torch.ones_like(parameter) for parameter in parameters"),
    ),
    _mutant(
        "squares_from_gradient",
        "the mean of the squares starts at the first squared gradient instead of 0",
        _start("gradient**2 for gradient in gradients"),
    ),
    _mutant(
        "late_squares",
        "the mean of the squares is updated after the step instead of before",
        (
            (_SQUARE, f"before = square.clone()\n        {_SQUARE}"),
            ("variance = square\n", "variance = before\n"),
        ),
    ),
    _mutant(
        "corrected",
        "the bias of the mean of the squares is corrected, as in Adam",
        (
            (_INIT, f'    t = state["t"] = state.get("t", 0) + 1\n{_INIT}'),
            ("variance = square\n", "variance = square / (1 - alpha**t)\n"),
        ),
    ),
    _mutant(
        "squares_of_tensor",
        "one mean of squares serves a whole tensor instead of each of its elements",
        (("variance.sqrt()", "variance.mean().sqrt()"),),
    ),
    _mutant(
        "momentum_before_division",
        "the velocity sums the gradients before the division by the root instead of after",
        (
            (_VELOCITY, "velocity.mul_(momentum).add_(gradient)"),
            (_STEP, f"parameter.addcdiv_(velocity, {_ROOT}, value=-lr)"),
        ),
        _MOMENTUM,
    ),
    _mutant(
        "velocity_as_mean",
        "the velocity is an average of the scaled gradients: it has a factor 1 - momentum",
        (("variance.sqrt().add_(eps))", "variance.sqrt().add_(eps), value=1 - momentum)"),),
        _MOMENTUM,
    ),
    _mutant(
        "nesterov",
        "the momentum is Nesterov's",
        (
            (
                _STEP,
                f"parameter.sub_(gradient / {_ROOT} + momentum * velocity, alpha=lr)",
            ),
        ),
        _MOMENTUM,
    ),
    _mutant(
        "late_velocity",
        "the velocity is updated after the step instead of before",
        (
            (_VELOCITY, f"before = velocity.clone()\n        {_VELOCITY}"),
            (_STEP, "parameter.sub_(before, alpha=lr)"),
        ),
        _MOMENTUM,
    ),
    _mutant(
        "rate_in_velocity",
        "the learning rate is part of the velocity, so that a change of it acts late",
        (
            ("variance.sqrt().add_(eps))", "variance.sqrt().add_(eps), value=lr)"),
            (_STEP, "parameter.sub_(velocity)"),
        ),
        _MOMENTUM,
        changing=True,
    ),
    _mutant(
        "mean_not_squared",
        "the mean is subtracted without being squared",
        ((_VARIANCE, "variance = square.sub(mean)"),),
        _CENTERED,
    ),
    _mutant(
        "squared_mean_added",
        "the squared mean is added instead of being subtracted",
        ((_VARIANCE, "variance = square.addcmul(mean, mean)"),),
        _CENTERED,
    ),
    _mutant(
        "mean_of_squares_overwritten",
        "the squared mean is subtracted in place, so that the mean of the squares is overwritten",
        ((_VARIANCE, "variance = square.addcmul_(mean, mean, value=-1).clamp_(min=0)"),),
        _CENTERED,
        seen="UselessToys/Ecosystem_WebUI#383",
    ),
    _mutant(
        "mean_as_sum",
        "the gradients are summed in the mean that is subtracted: its factor 1 - alpha is missing",
        (("mean.lerp_(gradient, 1 - alpha)", "mean.mul_(alpha).add_(gradient)"),),
        _CENTERED,
    ),
    _mutant(
        "late_mean",
        "the mean that is subtracted is updated after the step instead of before",
        (
            ("            mean.lerp_(gradient, 1 - alpha)\n", ""),
            (_VARIANCE, f"{_VARIANCE}\n            mean.lerp_(gradient, 1 - alpha)"),
        ),
        _CENTERED,
    ),
    _mutant(
        "mean_not_stored",
        "the mean that is subtracted is computed but not stored",
        (("mean.lerp_(gradient", "mean = mean.lerp(gradient"),),
        _CENTERED,
    ),
    _mutant(
        "variance_of_gradient",
        "the squared gradient is subtracted in place of the squared mean",
        ((_VARIANCE, "variance = (square - gradient**2).clamp_(min=0)"),),
        _CENTERED,
    ),
    _mutant(
        "gradient_centered",
        "the mean is also subtracted from the gradient",
        ((_VARIANCE, f"{_VARIANCE}\n            gradient = gradient - mean"),),
        _CENTERED,
    ),
]
