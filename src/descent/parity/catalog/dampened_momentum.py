"""Mistakes in momentum with dampening."""

from functools import partial

from descent.parity.catalog.common import SETTINGS
from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "dampened_momentum", settings=SETTINGS["dampened_momentum"])

_VELOCITY = "velocity.mul_(momentum).add_(gradient, alpha=1 - dampening)"
_FIRST = "[gradient.clone() for gradient in gradients]"
_STEP = "parameter.sub_(velocity, alpha=lr)"


def _velocity(new):
    return ((_VELOCITY, new),)


def _first(new):
    return ((_FIRST, new),)


MUTANTS = [
    _mutant(
        "first_dampened",
        "the first gradient is dampened as well",
        _first("[gradient * (1 - dampening) for gradient in gradients]"),
        seen="ml-explore/mlx#473",
    ),
    _mutant(
        "first_averaged",
        "the first gradient has a factor 1 - momentum",
        _first("[gradient * (1 - momentum) for gradient in gradients]"),
    ),
    _mutant(
        "first_lost",
        "the velocity starts at 0, without the first gradient",
        _first("[0 * gradient for gradient in gradients]"),
    ),
    _mutant(
        "first_counted_twice",
        "the velocity starts at the first gradient and then receives it again",
        _first("[gradient * (1 + momentum - dampening) for gradient in gradients]"),
    ),
    _mutant(
        "never_dampened",
        "every gradient is undampened, as if each iteration were the first",
        _velocity("velocity.mul_(momentum).add_(gradient)"),
        seen="open-lm-engine/accelerated-model-architectures#436",
    ),
    _mutant(
        "dampening_for_share",
        "the gradient is multiplied by dampening in place of 1 - dampening",
        _velocity("velocity.mul_(momentum).add_(gradient, alpha=dampening)"),
    ),
    _mutant(
        "dampened_twice",
        "the gradient is dampened twice",
        _velocity("velocity.mul_(momentum).add_(gradient, alpha=(1 - dampening) ** 2)"),
    ),
    _mutant(
        "velocity_dampened",
        "the old velocity is dampened in place of the gradient",
        _velocity("velocity.mul_(momentum * (1 - dampening)).add_(gradient)"),
    ),
    _mutant(
        "both_dampened",
        "the old velocity is dampened as well as the gradient",
        _velocity("velocity.mul_(momentum).add_(gradient).mul_(1 - dampening)"),
    ),
    _mutant(
        "dampened_by_momentum",
        "the gradient has a factor 1 - momentum in place of 1 - dampening",
        _velocity("velocity.lerp_(gradient, 1 - momentum)"),
    ),
    _mutant(
        "momentum_and_dampening_swapped",
        "momentum and dampening are swapped",
        _velocity("velocity.mul_(dampening).add_(gradient, alpha=1 - momentum)"),
    ),
    _mutant(
        "one_minus_momentum",
        "momentum is replaced by 1 - momentum",
        _velocity("velocity.mul_(1 - momentum).add_(gradient, alpha=1 - dampening)"),
    ),
    _mutant(
        "velocity_not_decayed",
        "the old velocity is not multiplied by momentum",
        _velocity("velocity.add_(gradient, alpha=1 - dampening)"),
    ),
    _mutant(
        "momentum_of_gradient",
        "momentum multiplies the gradient in place of the old velocity",
        _velocity("velocity.add_(gradient, alpha=momentum * (1 - dampening))"),
    ),
    _mutant(
        "no_momentum",
        "there is no momentum: the step is along the gradient",
        (
            (
                'for parameter, velocity in zip(parameters, state["velocity"], strict=True)',
                "for parameter, velocity in zip(parameters, gradients, strict=True)",
            ),
        ),
    ),
    _mutant(
        "velocity_lost",
        "the old velocity is lost: the step is along the dampened gradient",
        _velocity("velocity.copy_((1 - dampening) * gradient)"),
    ),
    _mutant(
        "subtracted_velocity",
        "the old velocity is subtracted from the gradient",
        _velocity("velocity.mul_(-momentum).add_(gradient, alpha=1 - dampening)"),
    ),
    _mutant(
        "nesterov",
        "the momentum is Nesterov's, a step along g + mu v",
        (
            (
                'for parameter, velocity in zip(parameters, state["velocity"], strict=True)',
                "for parameter, gradient, velocity in "
                'zip(parameters, gradients, state["velocity"], strict=True)',
            ),
            (_STEP, "parameter.sub_(gradient + momentum * velocity, alpha=lr)"),
        ),
    ),
    _mutant(
        "rate_in_velocity",
        "the learning rate is part of the velocity, so that a change of it acts late",
        (
            (_FIRST, "[lr * gradient for gradient in gradients]"),
            (_VELOCITY, "velocity.mul_(momentum).add_(gradient, alpha=lr * (1 - dampening))"),
            (_STEP, "parameter.sub_(velocity)"),
        ),
        changing=True,
    ),
]
