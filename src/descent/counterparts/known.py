"""What is known about optimizers of one name in several packages."""

#: Settings to try beyond those of the source, in this order, by the name of the target.
SWITCHES = {
    "optax:adagrad": [
        {"initial_accumulator_value": 0.0},
        {"initial_accumulator_value": 0.0, "eps": 0.0},
    ],
    "keras.optimizers:Adagrad": [{"initial_accumulator_value": 0.0}],
    "optax:rmsprop": [{"eps_in_sqrt": False}],
    "torch.optim.NAdam": [{"momentum_decay": 1e9}, {"momentum_decay": 1.0}],
}

#: Options of an optimizer that are switched on or off to see whether it is then the same.
OPTIONS = {
    *("nesterov", "eps_in_sqrt", "bias_correction", "weight_decouple", "decoupled_weight_decay"),
    *("fixed_decay", "degenerated_to_sgd", "rectify", "adam", "multiply_by_parameter_scale"),
    *("corrected_weight_decay", "stable_weight_decay", "decouple_lr", "decouple_wd", "no_prox"),
    *("adanorm", "pre_norm", "weight_decouple", "scale_parameter", "relative_step", "warmup_init"),
    *("grad_averaging", "trust_clip", "always_adapt", "debias", "init_zero", "use_gc"),
}

#: Where optimizers of one name most often differ: a value with which the difference is gone.
PLACES = {
    "eps": (1e-30, "the place of epsilon"),
    "weight_decay": (0.0, "how weights decay"),
    "momentum": (0.0, "the momentum"),
}
