"""Schedules are those of torch, step by step."""

import inspect
import warnings

import pytest
import torch
import yaml

from configurations import SCHEMA
from descent.errors import SignatureError
from descent.optimizers import schedules
from descent.optimizers.schedules import (
    CHAINED,
    SCHEDULERS,
    check_rates,
    check_scheduler,
    options,
    rate,
    units,
)

STEPS = 200
LR = 0.3

#: Options of every class: each with its default, alone and together, inside and beyond the steps.
OPTIONS = {
    "ConstantLR": [{}, {"factor": 0.5}, {"total_iters": 1}, {"factor": 1, "total_iters": 300}],
    "LinearLR": [
        {},
        {"start_factor": 0.001, "total_iters": 100},
        {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 150},
        {"start_factor": 0.7, "end_factor": 0.2, "total_iters": 300},
        {"total_iters": 1},
    ],
    "ExponentialLR": [{"gamma": 0.95}, {"gamma": 1.01}, {"gamma": 1}],
    "StepLR": [{"step_size": 30}, {"step_size": 1, "gamma": 0.9}, {"step_size": 7, "gamma": 2}],
    "MultiStepLR": [
        {"milestones": [30, 80]},
        {"milestones": [30, 30, 80], "gamma": 0.5},
        {"milestones": [1, 199, 500], "gamma": 0.9},
    ],
    "PolynomialLR": [
        {},
        {"total_iters": 120},
        {"total_iters": 120, "power": 2},
        {"total_iters": 300, "power": 0.5},
        {"power": 0, "total_iters": 300},
    ],
    "CosineAnnealingLR": [
        {"T_max": 200},
        {"T_max": 50},
        {"T_max": 300, "eta_min": 0.01},
        {"T_max": 40, "eta_min": 0.5},
        {"T_max": 1},
    ],
    "CosineAnnealingWarmRestarts": [
        {"T_0": 50},
        {"T_0": 1},
        {"T_0": 300, "eta_min": 0.01},
        {"T_0": 7, "T_mult": 2},
        {"T_0": 1, "T_mult": 3, "eta_min": 0.5},
    ],
    "OneCycleLR": [
        {"total_steps": 200, "cycle_momentum": False, **given}
        for given in (
            {},
            {"anneal_strategy": "linear"},
            {"pct_start": 0.0},
            {"pct_start": 1.0, "total_steps": 300},
            {"pct_start": 0.123, "div_factor": 3, "final_div_factor": 7},
            {"three_phase": True},
            {"three_phase": True, "pct_start": 0.7, "anneal_strategy": "linear"},
            {"total_steps": 1000},
        )
    ],
}
CASES = [{"name": name, **given} for name, cases in OPTIONS.items() for given in cases]

#: One after the other, with the steps at which torch's SequentialLR turns to the next.
SEQUENCES = [
    [
        {"name": "LinearLR", "start_factor": 0.1, "total_iters": 5, "epochs": 5},
        {"name": "CosineAnnealingLR", "T_max": 60},
    ],
    [
        {"name": "ConstantLR", "factor": 0.1, "total_iters": 50, "epochs": 20},  # ends too early
        {"name": "ExponentialLR", "gamma": 0.9, "epochs": 1},
        {"name": "StepLR", "step_size": 10, "gamma": 0.5, "epochs": 45},
        {"name": "PolynomialLR", "total_iters": 100, "power": 2, "epochs": 70},
        {"name": "MultiStepLR", "milestones": [5, 15]},
    ],
    [
        {"name": "ConstantLR", "factor": 0.01, "total_iters": 9, "epochs": 3},
        {"name": "CosineAnnealingWarmRestarts", "T_0": 10, "T_mult": 2},
    ],
]

#: At work at once. torch's ChainedScheduler lets the last one win if it computes the rate anew, as
#: CosineAnnealingWarmRestarts does, so these are such as multiply the rate of the step before.
CHAINS = [
    {"name": "ChainedScheduler", "schedulers": schedulers}
    for schedulers in (
        [{"name": "StepLR", "step_size": 30}],
        [
            {"name": "LinearLR", "start_factor": 0.01, "total_iters": 20},
            {"name": "MultiStepLR", "milestones": [15, 80, 120], "gamma": 0.5},
            {"name": "ExponentialLR", "gamma": 0.99},
        ],
        [
            {"name": "ConstantLR", "factor": 0.1, "total_iters": 10},
            {"name": "CosineAnnealingLR", "T_max": 200},
            {"name": "PolynomialLR", "total_iters": 199, "power": 0.9},
        ],
    )
]


def torchs(scheduler, steps=STEPS):
    """The learning rates that torch's own scheduler sets, before every step."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    parts = scheduler if isinstance(scheduler, list) else [scheduler]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch wants optimizer.step(), and calls itself oddly
        made = [torchs_own(optimizer, part) for part in parts]
        if len(made) > 1:
            milestones = [sum(p["epochs"] for p in parts[:n]) for n in range(1, len(parts))]
            made = [torch.optim.lr_scheduler.SequentialLR(optimizer, made, milestones)]
        rates = []
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            made[0].step()
    return rates


def torchs_own(optimizer, part):
    if part["name"] == CHAINED:
        links = [torchs_own(optimizer, link) for link in part["schedulers"]]
        return torch.optim.lr_scheduler.ChainedScheduler(links)
    peak = {"max_lr": LR} if part["name"] == "OneCycleLR" else {}
    return getattr(torch.optim.lr_scheduler, part["name"])(optimizer, **peak, **options(part))


def ours(scheduler, steps=STEPS):
    return [rate(LR, step, scheduler, iterations_per_epoch=1) for step in range(steps)]


def approximately(rates):
    """To 1e-12; where torch's recursion has left a rounding instead of 0, to a rounding of LR."""
    return pytest.approx(rates, rel=1e-12, abs=4e-16 * LR)


@pytest.mark.parametrize("scheduler", [*CASES, *SEQUENCES, *CHAINS], ids=str)
def test_a_schedule_is_that_of_torch(scheduler):
    check_scheduler(scheduler)
    found = ours(scheduler)
    assert found == approximately(torchs(scheduler))
    assert min(found) >= 0


@pytest.mark.parametrize(
    "scheduler",
    [
        {"name": "CosineAnnealingLR", "T_max": 9380},
        {"name": "PolynomialLR", "total_iters": 9380, "power": 0.9},
        {"name": "LinearLR", "start_factor": 1.0, "end_factor": 0.0, "total_iters": 9380},
        {"name": "ExponentialLR", "gamma": 0.999},
        [
            {"name": "LinearLR", "start_factor": 0.001, "total_iters": 469, "epochs": 469},
            {"name": "CosineAnnealingLR", "T_max": 8911, "eta_min": 0.001},
        ],
        {"name": "CosineAnnealingWarmRestarts", "T_0": 469, "T_mult": 2},
        {"name": "OneCycleLR", "total_steps": 9381, "cycle_momentum": False},
    ],
    ids=str,
)
def test_a_schedule_over_a_whole_training_is_that_of_torch(scheduler):
    """Not beyond the minimum of a cosine: there, torch's recursion gathers roundings."""
    assert ours(scheduler, 9381) == approximately(torchs(scheduler, 9381))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("ConstantLR", lambda lr, t, factor=1 / 3, total_iters=5: lr * factor),
        (
            "ConstantLR",
            lambda lr, t, factor=1 / 3, total_iters=5: lr * factor ** (t <= total_iters),
        ),
        ("LinearLR", lambda lr, t, **options: schedules._linear(lr, t + 1, **options)),
        ("ExponentialLR", lambda lr, t, gamma: lr * gamma ** (t + 1)),
        ("StepLR", lambda lr, t, step_size, gamma=0.1: lr * gamma ** ((t + 1) // step_size)),
        (
            "MultiStepLR",
            lambda lr, t, milestones, gamma=0.1: lr * gamma ** sum(m < t for m in milestones),
        ),
        (
            "MultiStepLR",
            lambda lr, t, milestones, gamma=0.1: lr * gamma ** sum(m <= t for m in {*milestones}),
        ),
        (
            "PolynomialLR",
            lambda lr, t, total_iters=5, power=1: lr * max(0, 1 - (t / total_iters) ** power),
        ),
        (
            "CosineAnnealingLR",
            lambda lr, t, T_max, eta_min=0: max(eta_min, schedules._cosine(lr, t, T_max=T_max)),
        ),
        (
            "CosineAnnealingLR",
            lambda lr, t, T_max, eta_min=0: schedules._cosine(
                lr, min(t, T_max), T_max=T_max, eta_min=eta_min
            ),
        ),
    ],
)
def test_a_wrong_formula_is_found(name, wrong, monkeypatch):
    monkeypatch.setitem(SCHEDULERS, name, wrong)
    cases = [case for case in CASES if case["name"] == name]
    assert any(ours(case) != approximately(torchs(case)) for case in cases)


#: Of OneCycleLR: lr is the largest rate, steps are not given in two factors, momentum stays.
NOT_OF_OURS = ("max_lr", "epochs", "steps_per_epoch", "base_momentum", "max_momentum")


def test_options_have_the_names_and_defaults_of_torch():
    for name, formula in SCHEDULERS.items():
        _, *torchs_own = inspect.signature(
            getattr(torch.optim.lr_scheduler, name)
        ).parameters.values()
        taken = {each.name: each.default for each in torchs_own if each.name != "last_epoch"}
        for without in ("verbose", *NOT_OF_OURS):
            taken.pop(without, None)  # verbose is of older versions of torch
        _, _, *own = inspect.signature(formula).parameters.values()
        needed = {"total_steps": inspect.Parameter.empty} if name == "OneCycleLR" else {}
        assert {each.name: each.default for each in own} == taken | needed


def test_the_schema_knows_every_scheduler_and_option():
    comparisons = yaml.safe_load(SCHEMA.read_text())["properties"]["comparisons"]
    variant = comparisons["additionalProperties"]["additionalProperties"]
    scheduler = variant["properties"]["lr_scheduler"]["properties"]
    assert scheduler["name"]["enum"] == [*SCHEDULERS, CHAINED]
    chained = scheduler.pop("schedulers")["items"]["properties"]
    assert chained == scheduler
    taken = {
        option
        for formula in SCHEDULERS.values()
        for option in list(inspect.signature(formula).parameters)[2:]
    }
    assert scheduler.keys() == taken | {*schedules._GENERAL}


def test_epochs_are_counted_by_default_and_iterations_if_asked():
    by_epoch = {"name": "ExponentialLR", "gamma": 0.5}
    assert [rate(8.0, i, by_epoch, 3) for i in range(7)] == [8, 8, 8, 4, 4, 4, 2]
    assert rate(8.0, 3, by_epoch | {"per": "epoch"}, 3) == 4
    assert [rate(8.0, i, by_epoch | {"per": "iteration"}, 3) for i in range(3)] == [8, 4, 2]


def test_each_of_a_list_counts_from_its_beginning_in_its_own_unit():
    scheduler = [
        {"name": "LinearLR", "start_factor": 0.5, "total_iters": 4, "per": "iteration"}
        | {"iterations": 4},
        {"name": "ExponentialLR", "gamma": 0.5, "epochs": 2},
        {"name": "ConstantLR", "factor": 0.125, "total_iters": 3, "per": "iteration"},
    ]
    check_scheduler(scheduler)
    rates = [rate(8.0, i, scheduler, 3) for i in range(14)]
    assert rates == [4, 5, 6, 7, *[8, 8, 8], *[4, 4, 4], *[1, 1, 1], 8]


def test_chained_schedulers_change_the_rate_one_after_the_other_each_in_its_own_unit():
    restarts = {"name": "CosineAnnealingWarmRestarts", "T_0": 5, "per": "iteration"}
    decay = {"name": "ExponentialLR", "gamma": 0.5}
    chain = {"name": CHAINED, "schedulers": [decay, restarts]}
    check_scheduler(chain)
    assert [rate(8.0, i, chain, 4) for i in range(20)] == pytest.approx(
        [rate(8.0, i, decay, 4) * rate(1.0, i, restarts, 4) for i in range(20)]
    )
    warm_up = {"name": "LinearLR", "start_factor": 0.25, "total_iters": 3, "per": "iteration"}
    first = {"name": CHAINED, "schedulers": [warm_up, decay], "epochs": 2}
    check_scheduler([first, decay])
    rates = [rate(8.0, i, [first, decay], 2) for i in range(8)]
    assert rates == pytest.approx([2, 4, 3, 4, 8, 8, 4, 4])


def test_one_cycle_stays_at_its_end_and_has_a_peak_even_in_the_first_step():
    """Where torch's own raises ValueError and ZeroDivisionError."""
    cycle = {"name": "OneCycleLR", "total_steps": 10, "pct_start": 0.1, "cycle_momentum": False}
    rates = ours(cycle, 15)
    assert rates[0] == LR and len(set(rates[9:])) == 1
    assert rates[9] == pytest.approx(LR / 25 / 1e4)
    [only] = ours(cycle | {"total_steps": 1}, 1)
    assert only == pytest.approx(LR / 25 / 1e4)


def test_a_rate_that_is_too_large_is_infinite():
    growing = {"name": "ExponentialLR", "gamma": 1000, "per": "iteration"}
    assert rate(0.1, 10_000, growing, 1) == float("inf")
    assert rate(0.1, 10_000, {"name": CHAINED, "schedulers": [growing, growing]}, 1) == float("inf")
    check_rates(0.1, growing, 11)
    with pytest.raises(SignatureError, match=r"^lr_scheduler: the learning rate of iteration 12 "):
        check_rates(0.1, growing, 1000)
    falling = {"name": "LinearLR", "end_factor": -1.0, "total_iters": 3}
    with pytest.raises(SignatureError, match=r"learning rate of epoch 2 would be -0\.0111111; "):
        check_rates(0.1, falling, 20, unit="epoch")


def test_the_units_in_which_a_schedule_counts():
    step = {"name": "StepLR", "step_size": 2}
    by_iteration = step | {"per": "iteration"}
    assert units(step) == {"epoch"} and units(by_iteration) == {"iteration"}
    assert units([by_iteration | {"epochs": 1}, by_iteration]) == {"epoch", "iteration"}
    chain = {"name": CHAINED, "schedulers": [step, by_iteration]}
    assert units(chain) == {"epoch", "iteration"}


CYCLE = {"name": "OneCycleLR", "total_steps": 20, "cycle_momentum": False}


@pytest.mark.parametrize(
    ("scheduler", "said"),
    [
        ({"name": "StepLR", "gama": 1}, "lr_scheduler.gama: StepLR takes no gama; it takes step"),
        ({"name": "StepLR"}, "lr_scheduler.step_size: missing; StepLR needs step_size"),
        (
            [{"name": "LinearLR"}, {"name": "LinearLR"}],
            "lr_scheduler.0: say how long it lasts before the next one",
        ),
        (
            [{"name": "LinearLR", "epochs": 1, "iterations": 1}, {"name": "LinearLR"}],
            "lr_scheduler.0: say how long it lasts before the next one",
        ),
        (
            [{"name": "LinearLR", "epochs": 1}, {"name": "LinearLR", "iterations": 1}],
            "lr_scheduler.1.iterations: the last scheduler lasts until training ends",
        ),
        ({"name": "LinearLR", "epochs": 1}, "lr_scheduler.epochs: the last scheduler lasts"),
        ({"name": "MultiStepLR", "milestones": [8, 3]}, "lr_scheduler.milestones: [8, 3] is out"),
        (CYCLE | {"max_lr": 0.1}, "lr_scheduler.max_lr: leave this out; the lr of the variant is"),
        (CYCLE | {"cycle_momentum": True}, "lr_scheduler.cycle_momentum: write false; unlike"),
        ({"name": "OneCycleLR", "total_steps": 20}, "lr_scheduler.cycle_momentum: write false; "),
        ({"name": "OneCycleLR", "cycle_momentum": False}, "lr_scheduler.total_steps: missing; "),
        ({"name": CHAINED}, "lr_scheduler.schedulers: missing; ChainedScheduler needs a list"),
        (
            {"name": CHAINED, "schedulers": [CYCLE], "per": "iteration"},
            "lr_scheduler.per: write this in each of schedulers that it is for",
        ),
        (
            {"name": CHAINED, "schedulers": [CYCLE, {"name": "StepLR"}]},
            "lr_scheduler.schedulers.1.step_size: missing; StepLR needs step_size",
        ),
        (
            {"name": CHAINED, "schedulers": [CYCLE, CYCLE | {"epochs": 1}]},
            "lr_scheduler.schedulers.1.epochs: they all last as long as their ChainedScheduler",
        ),
        (
            {"name": CHAINED, "schedulers": [{"name": CHAINED, "schedulers": [CYCLE]}]},
            "lr_scheduler.schedulers.0: a ChainedScheduler holds no other one",
        ),
    ],
)
def test_a_wrong_option_is_said_with_its_key(scheduler, said):
    with pytest.raises(SignatureError) as error:
        check_scheduler(scheduler)
    assert str(error.value).startswith(said)
