"""Hyperparameters that have no effect: a constant stands in for them."""

from functools import partial

from descent.parity.catalog.common import SETTINGS
from descent.parity.catalog.mutant import Mutant

#: For each rule, a value other than the default of each hyperparameter.
OTHER = {
    # Without dampening or momentum, it has mistakes that `dampened_momentum` lists.
    "dampened_momentum": {"lr": 0.02, "weight_decay": 0.1, "maximize": True},
    "nesterov": {"lr": 0.02, "momentum": 0.5, "weight_decay": 0.1, "maximize": True},
    "adagrad": {
        **{"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5},
        **{"eps": 1e-3, "maximize": True},
    },
    "adam": {
        **{"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1, "amsgrad": True},
        "maximize": True,
    },
    "adamw": {
        **{"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1, "amsgrad": True},
        "maximize": True,
    },
    "adamax": {
        **{"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1, "maximize": True},
    },
    "nadam": {
        **{"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1},
        **{"momentum_decay": 0.1, "maximize": True},
    },
    "radam": {
        **{"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1, "maximize": True},
    },
    "rmsprop": {
        **{"lr": 0.001, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1, "momentum": 0.9},
        **{"centered": True, "maximize": True},
    },
    "adadelta": {"lr": 0.5, "rho": 0.95, "eps": 1e-4, "weight_decay": 0.1, "maximize": True},
    "adafactor": {
        **{"lr": 0.1, "beta2_decay": -0.5, "eps": (0.1, 1.0), "d": 0.1, "weight_decay": 0.1},
        "maximize": True,
    },
    "rprop": {"lr": 0.001, "etas": (0.7, 1.1), "step_sizes": (0.005, 0.02), "maximize": True},
    "asgd": {
        **{"lr": 0.1, "lambd": 0.01, "alpha": 0.6, "weight_decay": 0.1, "maximize": True},
    },
    "muon": {
        **{"lr": 0.01, "weight_decay": 0, "momentum": 0.5, "nesterov": False, "ns_steps": 3},
        **{"ns_coefficients": (2, -1.5, 0.5), "adjust_lr_fn": "match_rms_adamw"},
    },
}

#: What has to be set as well for a hyperparameter to matter.
_NEEDS = {("asgd", "alpha"): {"lambd": 0.1, "lr": 0.1}}


def _ignore(name):
    def wrapper(step, parameters, gradients, state, settings):
        settings = {key: value for key, value in settings.items() if key != name}
        step(parameters, gradients, state, **settings)

    return wrapper


def _of_rule(rule, others):
    mutant = partial(Mutant, rule)
    for name, value in others.items():
        settings = SETTINGS[rule] | _NEEDS.get((rule, name), {}) | {name: value}
        says = f"{name} has no effect: its default is used, whatever is asked for"
        yield mutant(f"{name}_ignored", says, (), settings, _ignore(name))


MUTANTS = [mutant for rule, others in OTHER.items() for mutant in _of_rule(rule, others)]
