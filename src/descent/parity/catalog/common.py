"""Mistakes that any update rule can suffer, written as wrappers of the right rule.

The wrapper keeps what it needs in the state, and the state of the right rule in one of its entries.
"""

import inspect

import torch

from descent.parity.catalog.mutant import Mutant, source_of

#: Settings with which each rule runs, and shows the mistakes below.
SETTINGS = {
    "sgd": {"lr": 0.01},
    "sgd_momentum": {"lr": 0.01, "momentum": 0.9},
    "dampened_momentum": {"momentum": 0.9, "dampening": 0.3},
    **{rule: {} for rule in ("nesterov", "adagrad", "adam", "adamw", "adamax", "nadam", "radam")},
    **{rule: {} for rule in ("rmsprop", "adadelta", "adafactor", "rprop", "asgd", "muon")},
}


def _own(state):
    return state.setdefault("rule", {})


def _count(state):
    state["calls"] = state.get("calls", 0) + 1
    return state["calls"]


def _learning_rate(step, settings):
    return settings.get("lr", inspect.signature(step).parameters["lr"].default)


# Gradients


def _stale_gradient(step, parameters, gradients, state, settings):
    previous = state.get("previous", gradients)
    state["previous"] = gradients
    step(parameters, previous, _own(state), **settings)


def _accumulated_gradient(step, parameters, gradients, state, settings):
    kept = state.get("kept")
    if kept is not None:
        gradients = [total + gradient for total, gradient in zip(kept, gradients, strict=True)]
    state["kept"] = [gradient.clone() for gradient in gradients]
    step(parameters, gradients, _own(state), **settings)


def _swapped_gradients(step, parameters, gradients, state, settings):
    gradients, shapes = list(gradients), [gradient.shape for gradient in gradients]
    for one, shape in enumerate(shapes):
        if shape in shapes[one + 1 :]:
            other = shapes.index(shape, one + 1)
            gradients[one], gradients[other] = gradients[other], gradients[one]
            break
    step(parameters, gradients, _own(state), **settings)


def _clipped_norm(step, parameters, gradients, state, settings):
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    gradients = [gradient * (10 / norm.clamp(min=10)) for gradient in gradients]
    step(parameters, gradients, _own(state), **settings)


def _gradients_changed(change):
    def wrapper(step, parameters, gradients, state, settings):
        step(parameters, [change(gradient) for gradient in gradients], _own(state), **settings)

    return wrapper


def _transposed(gradient):
    square = gradient.ndim == 2 and len(gradient) == gradient.shape[1]
    return gradient.T.clone() if square else gradient


def _flushed(gradient):
    return gradient.masked_fill(gradient.abs() < 1e-8, 0)


# Steps


def _two_steps(step, parameters, gradients, state, settings):
    for _ in range(2):
        step(parameters, [gradient.clone() for gradient in gradients], _own(state), **settings)


def _first_step_skipped(step, parameters, gradients, state, settings):
    if _count(state) == 1:
        parameters = [parameter.clone() for parameter in parameters]
    step(parameters, gradients, _own(state), **settings)


def _every_second_skipped(step, parameters, gradients, state, settings):
    if _count(state) % 2:
        step(parameters, gradients, _own(state), **settings)


def _replaced_parameters(step, parameters, gradients, state, settings):
    step([parameter.clone() for parameter in parameters], gradients, _own(state), **settings)


def _last_parameter_left_out(step, parameters, gradients, state, settings):
    step(parameters[:-1], gradients[:-1], _own(state), **settings)


def _biases_left_out(step, parameters, gradients, state, settings):
    weights, gradients = ([t for t in tensors if t.ndim > 1] for tensors in (parameters, gradients))
    step(weights, gradients, _own(state), **settings)


def _parameters_changed(change):
    def wrapper(step, parameters, gradients, state, settings):
        step(parameters, gradients, _own(state), **settings)
        for parameter in parameters:
            parameter.copy_(change(parameter))

    return wrapper


# Weight decay that nobody asked for


def _unasked_coupled_decay(step, parameters, gradients, state, settings):
    gradients = [g + 1e-4 * p for p, g in zip(parameters, gradients, strict=True)]
    step(parameters, gradients, _own(state), **settings)


def _unasked_decoupled_decay(step, parameters, gradients, state, settings):
    for parameter in parameters:
        parameter.mul_(1 - 1e-4 * _learning_rate(step, settings))
    step(parameters, gradients, _own(state), **settings)


# Hyperparameters


def _learning_rate_off(step, parameters, gradients, state, settings):
    settings = settings | {"lr": 1.001 * _learning_rate(step, settings)}
    step(parameters, gradients, _own(state), **settings)


def _decaying_learning_rate(step, parameters, gradients, state, settings):
    settings = settings | {"lr": _learning_rate(step, settings) / (1 + 1e-4 * _count(state))}
    step(parameters, gradients, _own(state), **settings)


def _first_learning_rate_kept(step, parameters, gradients, state, settings):
    settings = settings | {"lr": state.setdefault("lr", _learning_rate(step, settings))}
    step(parameters, gradients, _own(state), **settings)


def _first_settings_kept(step, parameters, gradients, state, settings):
    step(parameters, gradients, _own(state), **state.setdefault("settings", dict(settings)))


def _only_learning_rate_changes(step, parameters, gradients, state, settings):
    first = state.setdefault("settings", dict(settings))
    settings = first | {"lr": _learning_rate(step, settings)}
    step(parameters, gradients, _own(state), **settings)


# State


def _new_state(step, parameters, gradients, state, settings):
    step(parameters, gradients, {}, **settings)


def _state_of_shape(step, parameters, gradients, state, settings):
    for parameter, gradient in zip(parameters, gradients, strict=True):
        step([parameter], [gradient], state.setdefault(str(parameter.shape), {}), **settings)


def _lost(iteration):
    def wrapper(step, parameters, gradients, state, settings):
        if _count(state) == iteration:
            state.pop("rule")
        step(parameters, gradients, _own(state), **settings)

    return wrapper


def _rounded(dtype):
    def change(tensor):
        return tensor.to(dtype).to(tensor.dtype)

    return change


#: Name, words, wrapper, and fields that differ from their defaults.
MISTAKES = [
    ("stale_gradient", "the gradient of the previous iteration is used", _stale_gradient, {}),
    (
        "accumulated_gradient",
        "the gradients are never cleared, so that they add up (a missing zero_grad)",
        _accumulated_gradient,
        {},
    ),
    (
        "wrong_sign",
        "it goes uphill: the sign of the gradient is wrong",
        _gradients_changed(torch.neg),
        {},
    ),
    (
        "swapped_gradients",
        "the gradients of two tensors of the same shape are swapped",
        _swapped_gradients,
        {},
    ),
    (
        "transposed_gradient",
        "the gradient of a square matrix is transposed",
        _gradients_changed(_transposed),
        {},
    ),
    (
        "scaled_gradient",
        "the gradient is divided by a constant, such as the batch size",
        _gradients_changed(lambda gradient: gradient / 32),
        {},
    ),
    (
        "normalized_gradient",
        "the gradient of each tensor is divided by its norm",
        _gradients_changed(lambda gradient: gradient / gradient.norm()),
        {},
    ),
    (
        "sign_of_gradient",
        "only the sign of the gradient is used",
        _gradients_changed(torch.sign),
        {},
    ),
    (
        "clipped_value",
        "the elements of the gradient are clipped",
        _gradients_changed(lambda gradient: gradient.clamp(-1, 1)),
        {},
    ),
    ("clipped_norm", "the gradients are clipped by their norm", _clipped_norm, {}),
    (
        "half_precision_gradient",
        "the gradients are rounded to float16",
        _gradients_changed(_rounded(torch.float16)),
        {},
    ),
    (
        "single_precision_gradient",
        "the gradients are rounded to float32",
        _gradients_changed(_rounded(torch.float32)),
        {},
    ),
    (
        "nan_to_zero",
        "gradients that are NaN count as 0",
        _gradients_changed(lambda gradient: gradient.nan_to_num(0, torch.inf, -torch.inf)),
        {"special": "not finite"},
    ),
    (
        "tiny_flushed",
        "tiny gradients count as 0",
        _gradients_changed(_flushed),
        {"special": "tiny"},
    ),
    ("two_steps", "the update is made twice in every iteration", _two_steps, {}),
    (
        "first_step_skipped",
        "the first iteration only fills the state and takes no step",
        _first_step_skipped,
        {},
    ),
    (
        "every_second_skipped",
        "only every second gradient leads to an update",
        _every_second_skipped,
        {},
    ),
    (
        "replaced_parameters",
        "the result is assigned to new tensors (`p = p - ...`): the parameters never change",
        _replaced_parameters,
        {},
    ),
    (
        "last_parameter_left_out",
        "the last parameter is left out",
        _last_parameter_left_out,
        {},
    ),
    ("biases_left_out", "the biases are left out", _biases_left_out, {}),
    (
        "single_precision_parameters",
        "the parameters are rounded to float32",
        _parameters_changed(_rounded(torch.float32)),
        {},
    ),
    (
        "half_precision_parameters",
        "the parameters are rounded to float16",
        _parameters_changed(_rounded(torch.float16)),
        {},
    ),
    (
        "clamped_weights",
        "the weights are clamped to a fixed range",
        _parameters_changed(lambda parameter: parameter.clamp(-3, 3)),
        {"special": "large"},
    ),
    (
        "unasked_coupled_decay",
        "weight decay that nobody asked for is added to the gradient",
        _unasked_coupled_decay,
        {},
    ),
    (
        "unasked_decoupled_decay",
        "the weights are shrunk in every iteration although no weight decay is asked for",
        _unasked_decoupled_decay,
        {},
    ),
    ("learning_rate_off", "the learning rate is slightly off", _learning_rate_off, {}),
    (
        "decaying_learning_rate",
        "the learning rate decays although it should be constant",
        _decaying_learning_rate,
        {},
    ),
    (
        "first_learning_rate_kept",
        "the learning rate of the first iteration is kept when it changes",
        _first_learning_rate_kept,
        {"changing": True, "seen": "deeplearning4j/deeplearning4j#2317"},
    ),
    (
        "first_settings_kept",
        "all hyperparameters of the first iteration are kept when they change",
        _first_settings_kept,
        {"changing": True},
    ),
    (
        "only_learning_rate_changes",
        "only the learning rate can change: the other hyperparameters of the first iteration are "
        "kept",
        _only_learning_rate_changes,
        {"changing": True},
    ),
    (
        "new_state",
        "the state starts anew in every iteration, so that nothing is remembered",
        _new_state,
        {"seen": "kozistr/pytorch_optimizer#516"},
    ),
    ("state_of_shape", "tensors of the same shape share their state", _state_of_shape, {}),
    (
        "state_lost",
        "the state is lost after a few dozen iterations",
        _lost(50),
        {"late": 50},
    ),
    (
        "state_lost_late",
        "the state is lost after a few hundred iterations",
        _lost(501),
        {"late": 501},
    ),
]

_OF_STATE = {"new_state", "state_of_shape", "state_lost", "state_lost_late", "state_of_networks"}

_WITHOUT_NEW_STATE = ["sgd_momentum", "dampened_momentum", "nesterov", "rmsprop"]

_OF_SIZE = {
    *("scaled_gradient", "normalized_gradient", "sign_of_gradient", "clipped_value"),
    *("clipped_norm", "single_precision_gradient", "half_precision_gradient"),
}

#: Mistakes that make no difference to a rule, or that are among its own.
HARMLESS = {
    "sgd": _OF_STATE
    | {"first_settings_kept", "only_learning_rate_changes", "unasked_decoupled_decay"},
    **{rule: {"new_state"} for rule in _WITHOUT_NEW_STATE},
    # Only the sign of the gradient matters, and only the first learning rate.
    "rprop": _OF_SIZE
    | {"unasked_coupled_decay", "decaying_learning_rate"}
    | {"first_learning_rate_kept", "only_learning_rate_changes", "nan_to_zero"},
    # The size of the gradient does not matter, nor digits that bfloat16 does not have.
    "muon": {"scaled_gradient", "single_precision_gradient", "new_state"},
    "adafactor": {"scaled_gradient"},
}


def _state_of_networks(rule):
    kept = f"def {rule}("
    return Mutant(
        rule,
        "state_of_networks",
        "all networks of a process share one state",
        (
            (kept, f"KEPT = {{}}\n\n\n{kept}"),
            ("    if not state:", "    state = KEPT\n    if not state:"),
        ),
        SETTINGS[rule],
    )


def _common(rule):
    mutants = [
        Mutant(rule, name, says, (), SETTINGS[rule], wrapper, **fields)
        for name, says, wrapper, fields in MISTAKES
    ]
    if "    if not state:" in source_of(rule):
        mutants.append(_state_of_networks(rule))
    return [mutant for mutant in mutants if mutant.name not in HARMLESS.get(rule, ())]


MUTANTS = [mutant for rule in SETTINGS for mutant in _common(rule)]
