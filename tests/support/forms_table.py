"""Rules in every form: those that are right, and those that are wrong."""

import forms_arrays as arrays
import forms_classes as classes
import forms_dicts as dicts
import forms_lists as lists
import forms_pure as pure
from forms_walking import ADAM, MOMENTUM, RMSPROP, SGD

#: Rules that are right: the form that is recognised, the hyperparameters, the class of torch.
RIGHT = [
    (lists.sgd, "grad-list", SGD),
    (lists.sgd_of_data, "grad-list", SGD),
    (lists.sgd_step, "grad-list", SGD),
    (lists.sgd_momentum, "states", MOMENTUM),
    (lists.momentum_with_data, "states", MOMENTUM),
    (lists.functional_momentum, "states", MOMENTUM),
    (lists.rmsprop, "states", {"lr": 0.02, "alpha": 0.95}),
    (lists.adam, "states", {"lr": 0.02}),
    (lists.sgd_of_a_model, "grad-list", SGD),
    (lists.adam_with_arguments, "states", ADAM),
    (lists.returned_state, "pure", MOMENTUM),
    (lists.with_a_norm, "pure", MOMENTUM),
    (arrays.sgd, "config", SGD),
    (arrays.sgd_momentum, "config", MOMENTUM),
    (arrays.torch_momentum, "config", MOMENTUM),
    (arrays.rmsprop, "config", RMSPROP),
    (arrays.adam, "config", ADAM),
    (arrays.momentum_step, "config", MOMENTUM),
    (arrays.velocity_first, "config", MOMENTUM),
    (arrays.adam_step, "config", ADAM),
    (arrays.adam_that_counts, "config", ADAM),
    (classes.SGD, "class", SGD),
    (classes.SGDMomentum, "class", MOMENTUM),
    (classes.Adam, "class", ADAM),
    (classes.TinySGD, "class", SGD),
    (classes.BoxRMSprop, "class", RMSPROP),
    (classes.Momentum, "class", MOMENTUM),
    (classes.MomentumAtW, "class", MOMENTUM),
    (classes.StepOfGradients, "class", MOMENTUM),
    (classes.OfADict, "class", ADAM),
    (classes.OfLayers, "class", MOMENTUM),
    (classes.OfAModel, "class", SGD),
    (classes.OfArraysAndState, "class", MOMENTUM),
    (pure.update, "pure", SGD),
    (pure.update_layers, "pure", SGD),
    (pure.adam, "pure", ADAM),
    (pure.momentum, "pure", MOMENTUM),
    (pure.state_first, "pure", MOMENTUM),
    (pure.momentum_dict, "dict", MOMENTUM),
    (pure.sgd, "factory", SGD),
    (pure.sgd_momentum, "factory", MOMENTUM),
    (pure.rmsprop, "factory", RMSPROP),
    (pure.triple, "factory", ADAM),
    (pure.Adamlike, "factory", MOMENTUM),
    (dicts.update_parameters, "dict", SGD),
    (dicts.update_parameters_with_momentum, "dict", MOMENTUM),
    (dicts.update_parameters_with_adam, "dict", ADAM),
    (dicts.from_zero, "dict", MOMENTUM),
    (dicts.update, "dict", SGD),
    (dicts.momentum_step, "dict", MOMENTUM),
    (dicts.momentum_in_globals, "dict", MOMENTUM),
    (dicts.new_leaves, "dict", SGD),
]

#: Rules that can be taken and are wrong.
WRONG = [
    (lists.sgd_without_dividing, SGD),
    (lists.momentum_of_the_old_velocity, MOMENTUM),
    (lists.last_left_out, MOMENTUM),
    (lists.adam_that_does_not_count, {"lr": 0.02}),
    (arrays.momentum_that_forgets, MOMENTUM),
    (arrays.adam_without_correction, ADAM),
    (classes.AveragingMomentum, MOMENTUM),
    (pure.wrong_momentum, MOMENTUM),
    (pure.averaging, MOMENTUM),
    (dicts.averaging_momentum, MOMENTUM),
]
