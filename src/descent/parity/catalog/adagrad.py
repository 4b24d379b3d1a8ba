"""Mistakes in Adagrad."""

from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "adagrad")

_SUM = "total.addcmul_(gradient, gradient)"
_ROOT = "total.sqrt().add_(eps)"
_STEP = f"parameter.addcdiv_(gradient, {_ROOT}, value=-rate)"
_RATE = 'rate = lr / (1 + (state["iteration"] - 1) * lr_decay)'
_START = "torch.full_like(p, initial_accumulator_value)"
_EPS, _DECAY = {"eps": 0.1}, {"lr_decay": 0.1}

MUTANTS = [
    _mutant(
        "eps_under_root",
        "eps is added under the root",
        ((_ROOT, "total.add(eps).sqrt_()"),),
        _EPS,
    ),
    _mutant("no_eps", "eps is missing", ((".add_(eps)", ""),), _EPS),
    _mutant("eps_squared", "eps is squared", ((".add_(eps)", ".add_(eps**2)"),), _EPS),
    _mutant(
        "eps_as_minimum",
        "eps is a lower limit of the root instead of being added to it",
        ((".add_(eps)", ".clamp_(min=eps)"),),
        _EPS,
    ),
    _mutant(
        "eps_kept",
        "eps is added to the sum of the squares in every iteration, so that it piles up",
        ((_ROOT, "total.add_(eps).sqrt()"),),
        _EPS,
    ),
    _mutant("no_root", "the root is not taken", ((_ROOT, "total.add(eps)"),)),
    _mutant(
        "root_kept",
        "the root is taken in place, so that it overwrites the sum of the squares",
        ((_ROOT, "total.sqrt_().add(eps)"),),
    ),
    _mutant(
        "absolute_value",
        "the absolute gradients are summed in place of their squares",
        ((_SUM, "total.add_(gradient.abs())"),),
    ),
    _mutant(
        "square_of_sum",
        "the sum of the gradients is squared, where their squares should be summed",
        ((_SUM, "total.add_(gradient)"), ("total.sqrt()", "total.abs()")),
    ),
    _mutant(
        "squares_as_mean",
        "the squares are averaged over the iterations instead of being summed",
        (("total.sqrt()", 'total.div(state["iteration"]).sqrt_()'),),
    ),
    _mutant(
        "squares_decay",
        "the squares are averaged with a decay, as in RMSprop, instead of being summed",
        ((_SUM, "total.mul_(0.9).addcmul_(gradient, gradient, value=0.1)"),),
    ),
    _mutant(
        "squares_not_stored",
        "the sum of the squares is computed but not stored",
        ((_SUM, "total = total.addcmul(gradient, gradient)"),),
    ),
    _mutant(
        "late_sum",
        "the squares are summed after the step instead of before",
        ((f"        {_SUM}\n", ""), (_STEP, f"{_STEP}\n        {_SUM}")),
    ),
    _mutant(
        "sum_from_positive",
        "the sum of the squares starts at a positive value that nobody asked for, as in TensorFlow",
        ((_START, "torch.full_like(p, 0.1)"),),
    ),
    _mutant(
        "sum_from_root",
        "the initial value of the sum of the squares is squared",
        ((_START, "torch.full_like(p, initial_accumulator_value**2)"),),
        {"initial_accumulator_value": 0.5},
    ),
    _mutant(
        "sum_added",
        "the initial value of the sum of the squares is added after the root",
        (
            (_START, "torch.zeros_like(p)"),
            (".add_(eps)", ".add_(eps + initial_accumulator_value)"),
        ),
        {"initial_accumulator_value": 0.5},
    ),
    _mutant(
        "sum_of_tensor",
        "one sum of squares serves a whole tensor instead of each of its elements",
        (("total.sqrt()", "total.sum().sqrt()"),),
    ),
    _mutant(
        "decay_from_1",
        "lr_decay counts one iteration too many",
        (('(state["iteration"] - 1)', 'state["iteration"]'),),
        _DECAY,
    ),
    _mutant(
        "decay_by_power",
        "lr_decay shrinks the learning rate by a constant factor in every iteration",
        ((_RATE, 'rate = lr * (1 - lr_decay) ** (state["iteration"] - 1)'),),
        _DECAY,
    ),
    _mutant(
        "decay_piles_up",
        "lr_decay is applied to the learning rate that has already decayed",
        (
            (
                _RATE,
                'rate = state["rate"] = state.get("rate", lr) / (\n'
                '        1 + (state["iteration"] - 1) * lr_decay\n'
                "    )",
            ),
        ),
        _DECAY,
    ),
    _mutant(
        "decay_under_root",
        "the learning rate decays with the root of the iteration",
        ((_RATE, 'rate = lr / (1 + (state["iteration"] - 1) ** 0.5 * lr_decay)'),),
        _DECAY,
    ),
    _mutant(
        "count_of_tensors",
        "the iteration counter advances once for every tensor, not once in every iteration",
        (
            ('    state["iteration"] += 1\n', ""),
            (f"    {_RATE}\n", ""),
            (_SUM, f'state["iteration"] += 1\n        {_RATE}\n        {_SUM}'),
        ),
        _DECAY,
    ),
    _mutant(
        "root_decay",
        "the learning rate is divided by the root of the iteration as well",
        ((_RATE, f'{_RATE} / state["iteration"] ** 0.5'),),
    ),
]
