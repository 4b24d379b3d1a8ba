"""Mistakes in heavy-ball momentum."""

from functools import partial

from descent.parity.catalog.common import SETTINGS
from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "sgd_momentum", settings=SETTINGS["sgd_momentum"])

_VELOCITY = "velocity.mul_(momentum).add_(gradient)"
_STEP = "parameter.sub_(velocity, alpha=lr)"
_LOOP = "    for parameter, gradient, velocity in"
_COUNT = '    t = state["t"] = state.get("t", 0) + 1\n'
_BIAS = "parameter.ndim == 1"


def _new(says_velocity):
    return ((_VELOCITY, says_velocity),)


MUTANTS = [
    _mutant(
        "exponential_average",
        "the gradients are averaged, with a factor 1 - momentum, where momentum sums them",
        _new("velocity.lerp_(gradient, 1 - momentum)"),
    ),
    _mutant(
        "dampened",
        "all gradients but the first are dampened by a factor 1 - momentum",
        (
            (_LOOP, _COUNT + _LOOP),
            (
                _VELOCITY,
                "velocity.mul_(momentum).add_(gradient, alpha=1 - momentum if t > 1 else 1)",
            ),
        ),
    ),
    _mutant(
        "running_mean",
        "the step is along the mean of all gradients so far",
        ((_LOOP, _COUNT + _LOOP), (_VELOCITY, "velocity.lerp_(gradient, 1 / t)")),
    ),
    _mutant(
        "bias_corrected",
        "the velocity is an average of the gradients that is corrected for its bias, as in Adam",
        (
            (_LOOP, _COUNT + _LOOP),
            (_VELOCITY, "velocity.lerp_(gradient, 1 - momentum)"),
            (_STEP, "parameter.sub_(velocity, alpha=lr / (1 - momentum**t))"),
        ),
    ),
    _mutant(
        "nesterov",
        "the momentum is Nesterov's, a step along g + mu v",
        ((_STEP, "parameter.sub_(gradient + momentum * velocity, alpha=lr)"),),
    ),
    _mutant(
        "rate_in_velocity",
        "the learning rate is part of the velocity, u <- mu u + lr g, so that a change of it acts "
        "late",
        (
            (_VELOCITY, "velocity.mul_(momentum).add_(gradient, alpha=lr)"),
            (_STEP, "parameter.sub_(velocity)"),
        ),
        changing=True,
        seen="paiml/aprender#2190",
    ),
    _mutant(
        "first_rate_missing",
        "the learning rate is part of the velocity, but missing in the first one",
        (
            (_LOOP, _COUNT + _LOOP),
            (_VELOCITY, "velocity.mul_(momentum).add_(gradient, alpha=lr if t > 1 else 1)"),
            (_STEP, "parameter.sub_(velocity)"),
        ),
        seen="zc911/MatrixSlow#17",
    ),
    _mutant(
        "no_momentum",
        "there is no momentum: the old velocity is lost or not stored",
        ((_STEP, "parameter.sub_(gradient, alpha=lr)"),),
        seen="deeplearning4j/nd4j#2116",
    ),
    _mutant(
        "one_minus_momentum",
        "momentum is replaced by 1 - momentum",
        _new("velocity.mul_(1 - momentum).add_(gradient)"),
    ),
    _mutant(
        "weights_swapped",
        "momentum weighs the new gradient, and 1 - momentum the old velocity",
        _new("velocity.lerp_(gradient, momentum)"),
    ),
    _mutant(
        "momentum_of_gradient",
        "momentum multiplies the gradient in place of the old velocity, which never decays",
        _new("velocity.add_(gradient, alpha=momentum)"),
        seen="ooples/AiDotNet#2008",
    ),
    _mutant(
        "momentum_of_both",
        "momentum multiplies the gradient as well as the old velocity",
        _new("velocity.add_(gradient).mul_(momentum)"),
    ),
    _mutant(
        "velocity_not_decayed",
        "the old velocity is not multiplied by momentum: all gradients are summed",
        _new("velocity.add_(gradient)"),
    ),
    _mutant(
        "momentum_squared", "momentum is squared", _new("velocity.mul_(momentum**2).add_(gradient)")
    ),
    _mutant(
        "late_velocity",
        "the velocity is updated after the step, so that each gradient counts one iteration late",
        ((f"        {_VELOCITY}\n", ""), (_STEP, f"{_STEP}\n        {_VELOCITY}")),
    ),
    _mutant(
        "shared_memory",
        "velocity and gradient share memory (`v = g` without a copy)",
        _new("velocity = gradient.mul_(momentum).add_(gradient)"),
    ),
    _mutant(
        "subtracted_velocity",
        "the old velocity is subtracted, v <- g - mu v",
        _new("velocity.mul_(-momentum).add_(gradient)"),
    ),
    _mutant(
        "momentum_of_parameter",
        "momentum multiplies the parameter in place of the velocity",
        (
            (_VELOCITY, "velocity.copy_(gradient)"),
            (_STEP, "parameter.mul_(momentum).sub_(velocity, alpha=lr)"),
        ),
    ),
    _mutant(
        "velocity_from_gradient",
        "the velocity starts at the first gradient and then receives it again",
        (
            (
                "torch.zeros_like(parameter) for parameter in parameters",
                "gradient.clone() for gradient in gradients",
            ),
        ),
    ),
    _mutant(
        "rate_of_gradient_only",
        "the learning rate multiplies the gradient, but not the velocity",
        ((_STEP, "parameter.sub_(lr * gradient + velocity - gradient)"),),
    ),
    _mutant(
        "step_added_to_velocity",
        "the velocity also receives the learning rate twice",
        ((_VELOCITY, "velocity.mul_(momentum).add_(gradient, alpha=lr)"),),
    ),
    _mutant(
        "biases_without_momentum",
        "the biases have no momentum",
        _new(f"velocity.mul_(0 if {_BIAS} else momentum).add_(gradient)"),
    ),
    _mutant(
        "momentum_off",
        "the momentum is slightly off",
        _new("velocity.mul_(0.999 * momentum).add_(gradient)"),
    ),
    _mutant(
        "half_precision_velocity",
        "the velocity is kept in float16",
        _new("velocity.copy_((momentum * velocity + gradient).half())"),
    ),
    _mutant(
        "bfloat16_velocity",
        "the velocity is kept in bfloat16",
        _new("velocity.copy_((momentum * velocity + gradient).bfloat16())"),
    ),
    _mutant(
        "single_precision_velocity",
        "the velocity is kept in float32 where the parameters are float64",
        _new("velocity.copy_((momentum * velocity + gradient).float())"),
    ),
]
