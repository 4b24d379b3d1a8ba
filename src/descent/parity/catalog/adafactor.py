"""Mistakes in Adafactor."""

from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "adafactor")

_RELATIVE = 'step = max(eps[1], _rms(parameter)) * min(lr, state["iteration"] ** -0.5)'
_NEWEST = 'newest = state["iteration"] ** beta2_decay'
_DECAY = "        parameter.mul_(1 - lr * weight_decay)\n"
_CLIP = "        step /= max(1, _rms(update) / d)\n"
_UPDATE = "update = gradient / square.clamp(min=smallest**2).sqrt_()"
_STEP = "        parameter.add_(update, alpha=step if maximize else -step)\n"
_FACTORED = "square = row @ column / row.mean(-2, keepdim=True).clamp_(min=smallest)"
_FAST, _WEIGHTS = {"lr": 1.0}, {"weight_decay": 0.1}

MUTANTS = [
    _mutant("no_clipping", "the update is not clipped", ((_CLIP, ""),)),
    _mutant(
        "clipping_inverted",
        "the clipping takes the minimum in place of the maximum, so that it enlarges small updates",
        ((_CLIP, _CLIP.replace("max(", "min(")),),
        seen="huggingface/pytorch-image-models#2790",
    ),
    _mutant(
        "clipping_threshold_multiplied",
        "the root mean square of the update is multiplied by d in place of being divided",
        (("_rms(update) / d", "_rms(update) * d"),),
        {"d": 0.5},
    ),
    _mutant(
        "clipping_by_norm",
        "the update is clipped by its norm in place of its root mean square",
        (("_rms(update) / d", "update.norm().item() / d"),),
    ),
    _mutant(
        "clipping_of_gradient",
        "the gradient is clipped in place of the update",
        ((_CLIP, _CLIP.replace("update", "gradient")),),
        seen="google-deepmind/optax#408",
    ),
    _mutant(
        "always_normalized",
        "the update is always divided by its root mean square, not only where that is large",
        ((_CLIP, "        step /= _rms(update) / d\n"),),
    ),
    _mutant(
        "no_relative_step",
        "the step size is not limited by one over the root of the iteration",
        (('min(lr, state["iteration"] ** -0.5)', "lr"),),
        _FAST,
    ),
    _mutant(
        "maximum_for_minimum",
        "the step size is the larger of lr and one over the root of the iteration",
        (("min(lr, state", "max(lr, state"),),
    ),
    _mutant(
        "rate_times_root",
        "the learning rate is divided by the root of the iteration",
        (('min(lr, state["iteration"] ** -0.5)', 'lr * state["iteration"] ** -0.5'),),
    ),
    _mutant(
        "no_parameter_scale",
        "the step size is not multiplied by the root mean square of the parameter",
        (("max(eps[1], _rms(parameter)) * ", ""),),
    ),
    _mutant(
        "parameter_norm",
        "the step size is multiplied by the norm of the parameter in place of its root mean square",
        (("_rms(parameter)", "parameter.norm().item()"),),
    ),
    _mutant(
        "no_smallest_scale",
        "the smallest scale of a parameter, eps_2, is missing",
        (("max(eps[1], _rms(parameter))", "_rms(parameter)"),),
        {"eps": (None, 1.0)},
    ),
    _mutant(
        "smallest_scale_added",
        "eps_2 is added to the root mean square of the parameter in place of being its minimum",
        (("max(eps[1], _rms(parameter))", "(eps[1] + _rms(parameter))"),),
    ),
    _mutant(
        "eps_swapped",
        "eps_1 and eps_2 are swapped",
        (
            (
                "smallest = torch.finfo(parameters[0].dtype).eps if eps[0] is None else eps[0]",
                "smallest = eps[1]",
            ),
            (
                "max(eps[1], _rms(parameter))",
                "max(eps[0] or torch.finfo(parameter.dtype).eps, _rms(parameter))",
            ),
        ),
        {"eps": (0.01, 1.0)},
    ),
    _mutant(
        "eps_not_squared",
        "eps_1 is compared with the square before the root is taken, but is not squared",
        (("min=smallest**2", "min=smallest"),),
        {"eps": (0.1, 0.001)},
    ),
    _mutant(
        "eps_added",
        "eps_1 is added to the squared gradient in place of being a minimum, as in the paper",
        (
            (
                "row.lerp_(gradient.square().mean(-1",
                "row.lerp_(gradient.square().add(smallest).mean(-1",
            ),
            (
                "column.lerp_(gradient.square().mean(-2",
                "column.lerp_(gradient.square().add(smallest).mean(-2",
            ),
            (
                "            square.lerp_(gradient.square(), newest)",
                "            square.lerp_(gradient.square().add(smallest), newest)",
            ),
        ),
        {"eps": (0.01, 0.001)},
    ),
    _mutant(
        "decay_rate_of_wrong_sign",
        "the exponent beta2_decay has the wrong sign",
        ((_NEWEST, 'newest = state["iteration"] ** -beta2_decay'),),
    ),
    _mutant(
        "constant_beta2",
        "the squares are averaged with a constant beta2 in place of one that grows",
        ((_NEWEST, "newest = 0.001"),),
    ),
    _mutant(
        "weights_swapped",
        "the weights of the new square and of the old average are swapped",
        (
            (
                _NEWEST,
                f'{_NEWEST} if state["iteration"] == 1 else 1 - state["iteration"] ** beta2_decay',
            ),
        ),
    ),
    _mutant(
        "iterations_from_2",
        "the iteration counter is one too large",
        (('state["iteration"] = 0', 'state["iteration"] = 1'),),
    ),
    _mutant(
        "count_of_tensors",
        "the iteration counter advances once for every tensor, not once in every iteration",
        (
            (
                'state["iteration"] += 1',
                'state["iteration"] += len(parameters) if state["iteration"] else 1',
            ),
        ),
    ),
    _mutant(
        "no_normalization",
        "the product of the two factors is not divided by the mean of the rows",
        ((_FACTORED, "square = row @ column"),),
    ),
    _mutant(
        "sums_for_means",
        "the squares are summed over rows and columns in place of being averaged",
        ((".square().mean(-1", ".square().sum(-1"), (".square().mean(-2", ".square().sum(-2")),
    ),
    _mutant(
        "normalized_by_sum",
        "the product of the two factors is divided by the sum of the rows in place of their mean",
        (("row.mean(-2, keepdim=True).clamp_", "row.sum().clamp_"),),
    ),
    _mutant(
        "normalized_by_both",
        "the product of the two factors is divided by the means of both the rows and the columns",
        (
            (
                "row.mean(-2, keepdim=True).clamp_(min=smallest)",
                "(row.mean(-2, keepdim=True) * column.mean()).clamp_(min=smallest)",
            ),
        ),
    ),
    _mutant(
        "normalized_by_largest",
        "the product of the two factors is divided by the largest row in place of their mean",
        (("row.mean(-2, keepdim=True).clamp_", "row.max().clamp_"),),
    ),
    _mutant(
        "rows_only",
        "only the averages of the rows are used",
        ((_FACTORED, "square = row.expand_as(gradient)"),),
    ),
    _mutant(
        "columns_only",
        "only the averages of the columns are used",
        ((_FACTORED, "square = column.expand_as(gradient)"),),
    ),
    _mutant(
        "mean_of_factors",
        "the two factors are averaged in place of being multiplied",
        ((_FACTORED, "square = (row + column) / 2"),),
    ),
    _mutant(
        "squares_of_means",
        "the means over rows and columns are squared in place of the gradient",
        (
            (
                "gradient.square().mean(-1, keepdim=True)",
                "gradient.mean(-1, keepdim=True).square()",
            ),
            (
                "gradient.square().mean(-2, keepdim=True)",
                "gradient.mean(-2, keepdim=True).square()",
            ),
        ),
    ),
    _mutant(
        "not_factored",
        "the squares of a matrix are averaged for each element in place of rows and columns",
        (
            (
                "(torch.zeros_like(p[..., :1]), torch.zeros_like(p[..., :1, :]))",
                "(torch.zeros_like(p),)",
            ),
        ),
    ),
    _mutant("no_root", "the root is not taken", ((_UPDATE, _UPDATE.replace(".sqrt_()", "")),)),
    _mutant(
        "factors_not_stored",
        "the averages of rows and columns are computed but not stored",
        (("row.lerp_(", "row = row.lerp("), ("column.lerp_(", "column = column.lerp(")),
    ),
    _mutant(
        "decay_without_rate",
        "the weight decay is not multiplied by the learning rate",
        ((_DECAY, _DECAY.replace("lr * ", "")),),
        _WEIGHTS,
    ),
    _mutant(
        "coupled",
        "the weight decay is added to the gradient instead of shrinking the weights",
        ((_DECAY, "        gradient = gradient + weight_decay * parameter\n"),),
        _WEIGHTS,
    ),
    _mutant(
        "decay_after_step",
        "the weights are shrunk after the step instead of before",
        ((_DECAY, ""), (_STEP, _STEP + _DECAY)),
        _WEIGHTS,
    ),
    _mutant(
        "decay_with_step",
        "the weight decay is multiplied by the relative step size in place of the learning rate",
        ((_DECAY, _DECAY.replace("lr *", "step *")),),
        _WEIGHTS,
    ),
    _mutant(
        "decay_of_weights_only",
        "the biases get no weight decay",
        ((_DECAY, _DECAY.replace("weight_decay", "weight_decay * (parameter.ndim > 1)")),),
        _WEIGHTS,
    ),
]
