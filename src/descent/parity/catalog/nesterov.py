"""Mistakes in Nesterov momentum."""

from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "nesterov")

_VELOCITY = "velocity.mul_(momentum).add_(gradient)"
_STEP = "parameter.sub_(gradient.add(velocity, alpha=momentum), alpha=lr)"


def _along(direction):
    return ((_STEP, f"parameter.sub_({direction}, alpha=lr)"),)


def _velocity(new):
    return ((_VELOCITY, new),)


MUTANTS = [
    _mutant(
        "heavy_ball",
        "the momentum is the heavy ball's, a step along v",
        _along("velocity"),
    ),
    _mutant(
        "no_momentum",
        "there is no momentum: the old velocity is lost or not stored",
        _along("gradient"),
    ),
    _mutant(
        "velocity_not_stored",
        "the velocity is computed but not stored",
        _velocity("velocity = velocity.mul(momentum).add_(gradient)"),
        seen="deeplearning4j/nd4j#2116",
    ),
    _mutant(
        "look_ahead_without_momentum",
        "the velocity is not multiplied by momentum in the step, which is along g + v",
        _along("gradient + velocity"),
    ),
    _mutant(
        "look_ahead_subtracted",
        "the velocity has the wrong sign in the step, which is along g - mu v",
        _along("gradient - momentum * velocity"),
        seen="PaddlePaddle/Paddle#12231",
    ),
    _mutant(
        "velocity_without_rate",
        "the learning rate multiplies the gradient in the step, but not the velocity",
        ((_STEP, "parameter.sub_(lr * gradient + momentum * velocity)"),),
        seen="PaddlePaddle/Paddle#12231",
    ),
    _mutant(
        "no_gradient_term",
        "the gradient is missing in the step, which is along mu v",
        _along("momentum * velocity"),
    ),
    _mutant(
        "looks_ahead_twice",
        "the step looks two iterations ahead",
        _along("gradient * (1 + momentum) + momentum**2 * velocity"),
    ),
    _mutant(
        "weighted_look_ahead",
        "the gradient in the step has a factor 1 - momentum",
        _along("(1 - momentum) * gradient + momentum * velocity"),
    ),
    _mutant(
        "velocity_as_average",
        "the velocity is an average: it has a factor 1 - momentum",
        _velocity("velocity.lerp_(gradient, 1 - momentum)"),
    ),
    _mutant(
        "weights_swapped",
        "momentum weighs the new gradient, and 1 - momentum the old velocity",
        _velocity("velocity.lerp_(gradient, momentum)"),
    ),
    _mutant(
        "one_minus_momentum",
        "momentum is replaced by 1 - momentum",
        (
            (_VELOCITY, "velocity.mul_(1 - momentum).add_(gradient)"),
            (_STEP, "parameter.sub_(gradient + (1 - momentum) * velocity, alpha=lr)"),
        ),
    ),
    _mutant(
        "momentum_of_gradient",
        "momentum multiplies the gradient in place of the old velocity, which never decays",
        _velocity("velocity.add_(gradient, alpha=momentum)"),
    ),
    _mutant(
        "velocity_not_decayed",
        "the old velocity is not multiplied by momentum: all gradients are summed",
        _velocity("velocity.add_(gradient)"),
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
        "subtracted_velocity",
        "the old velocity is subtracted, v <- g - mu v",
        _velocity("velocity.mul_(-momentum).add_(gradient)"),
    ),
    _mutant(
        "dampened",
        "all gradients but the first are dampened by a factor 1 - momentum",
        (
            (
                "    gradients = effective(",
                '    t = state["t"] = state.get("t", 0) + 1\n    gradients = effective(',
            ),
            (
                _VELOCITY,
                "velocity.mul_(momentum).add_(gradient, alpha=1 - momentum if t > 1 else 1)",
            ),
        ),
    ),
    _mutant(
        "look_ahead_kept",
        "the look-ahead is stored as the velocity",
        ((_STEP, "parameter.sub_(velocity.mul_(momentum).add_(gradient), alpha=lr)"),),
    ),
    _mutant(
        "rate_in_velocity",
        "the learning rate is part of the velocity, so that a change of it acts late",
        (
            (_VELOCITY, "velocity.mul_(momentum).add_(gradient, alpha=lr)"),
            (_STEP, "parameter.sub_(lr * gradient + momentum * velocity)"),
        ),
        changing=True,
    ),
    _mutant(
        "biases_without_momentum",
        "the biases have no momentum",
        _along("gradient.add(velocity, alpha=momentum * (parameter.ndim > 1))"),
    ),
    _mutant(
        "decay_in_velocity_only",
        "the weight decay enters the velocity but not the rest of the step",
        (
            (
                _STEP,
                f"gradient = gradient - weight_decay * parameter\n        {_STEP}",
            ),
        ),
        {"weight_decay": 0.1},
    ),
]
