"""Parity by replay: every mutant is called different, but no correct update rule is."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from comparing import Given, sides, traced
from correct_momentum import CORRECT
from descent import model
from descent.data.prepared import PreparedData
from descent.optimizers.scratch.sgd_momentum import sgd_momentum
from descent.optimizers.spec import split_settings
from descent.optimizers.step import bind, make_step
from descent.optimizers.variant import Regulated, make_variant_step
from descent.parity import arithmetic, tolerance
from descent.parity import replay as replaying
from descent.parity.replay import replay
from descent.parity.verdict import DIFFERENT, EQUAL, IDENTICAL, overall, parity
from descent.training.loop import train
from momentum_mutants import MUTANTS, learning_rate_in_velocity
from networks import MOMENTUM, TORCH, TRAINING, make_data
from pretended import MixedDevicesError, pretending

SEEDS = [0, 1, 2]
ITERATIONS = 60


def maker(rule, **hyperparameters):
    """Bind a function, or an optimizer by its name."""
    if callable(rule):
        return lambda parameters: bind(rule, parameters, hyperparameters)
    return lambda parameters: make_step(rule, parameters, hyperparameters)


def names(rules):
    return [getattr(rule, "__name__", rule) for rule in rules]


def judge(rules, *, lr=0.05, momentum=0.9, seeds=SEEDS, iterations=ITERATIONS):
    """Hold momentum rules against torch's; return the table, and the worst verdict of each."""
    settings = {"lr": lr, "momentum": momentum}
    makers = {name: maker(rule, **settings) for name, rule in zip(names(rules), rules, strict=True)}
    trace = replay(
        make_data(),
        {"torch": maker("torch.optim.SGD", **settings), **makers},
        "torch",
        seeds,
        iterations=iterations,
        closed_loop=False,  # it is not judged
        training=TRAINING,
    )
    table = parity({"momentum": trace}, {"momentum": "torch"}, len(seeds))
    return table, table.groupby("variant")["verdict"].agg(overall).to_dict()


@pytest.fixture(scope="module")
def mutants():
    return judge(MUTANTS)


def test_every_mutant_is_different(mutants):
    _, verdicts = mutants
    assert len(verdicts) == len(MUTANTS) >= 20
    assert set(verdicts.values()) == {DIFFERENT}


def test_a_mutant_is_far_outside_the_bound_in_float64(mutants):
    table, _ = mutants
    assert (table.loc[table["dtype"] == "float64", "share_of_bound"] > 1000).all()


@pytest.mark.parametrize(
    ("mutant", "place"),
    [
        ("wrong_sign", {"run": 1, "iteration": 1}),
        ("exponential_average", {"run": 1, "iteration": 1}),
        ("dampening", {"run": 1, "iteration": 2}),
        ("forgotten_velocity", {"run": 1, "iteration": 50}),
        ("velocity_of_another_run", {"run": 2, "iteration": 1}),
        ("last_bias_left_out", {"run": 1, "iteration": 1, "tensor": "b2"}),
    ],
)
def test_the_table_says_where_a_mutant_begins_to_differ(mutants, mutant, place):
    table, _ = mutants
    for _, row in table[table["variant"] == mutant].iterrows():
        assert place == {key: row[f"different_{key}"] for key in place}
        assert place == {key: row[f"first_{key}"] for key in place}


@pytest.mark.parametrize("seeds", [[0], pytest.param([7, 8], marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("lr", "momentum"), [(0.001, 0.9), (0.01, 0.99), (0.05, 0.9), (0.1, 0.5), (0.3, 0.8)]
)
def test_a_correct_rule_is_never_different(lr, momentum, seeds):
    """A hundred runs: ten ways to write the rule, five settings, two sets of seeds."""
    table, verdicts = judge(CORRECT, lr=lr, momentum=momentum, seeds=seeds)
    assert len(verdicts) == 10
    assert DIFFERENT not in verdicts.values()
    assert EQUAL in verdicts.values()  # they are not copies of torch's
    assert table["share_of_bound"].max() < 0.5


def test_our_momentum_has_the_bits_of_torchs():
    table, verdicts = judge(["scratch.sgd_momentum"])
    assert verdicts == {"scratch.sgd_momentum": IDENTICAL}
    assert table["iterations"].tolist() == [ITERATIONS, ITERATIONS]
    assert table[["first_iteration", "different_iteration"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("rule", "torchs", "iterations"),
    [
        ("nadam", "NAdam", ITERATIONS),
        ("asgd", "ASGD", ITERATIONS),
        ("adam", "Adam", ITERATIONS),
        ("muon", "Muon", 15),  # of which each costs ten of the others
    ],
)
def test_rules_with_scalars_or_networks_of_their_own_are_replayed(rule, torchs, iterations):
    """torch keeps some scalars in the default dtype, which must be that of the replay."""
    names = f"torch.optim.{torchs}", f"scratch.{rule}"
    makers = {name: maker(name, lr=0.01) for name in names}
    extent = {"iterations": iterations, "closed_loop": False}
    trace = replay(make_data(), makers, names[0], SEEDS, **extent, training=TRAINING)
    table = parity({rule: trace}, {rule: names[0]}, len(SEEDS))
    assert table.set_index("dtype").loc["float64", "verdict"] == IDENTICAL
    assert DIFFERENT not in set(table["verdict"])


def test_the_learning_rate_in_the_velocity_shows_when_it_changes():
    rules = [learning_rate_in_velocity, "scratch.sgd_momentum"]
    assert judge(rules)[1] == {
        "learning_rate_in_velocity": EQUAL,
        "scratch.sgd_momentum": IDENTICAL,
    }
    halved = {"name": "StepLR", "per": "iteration", "step_size": 15, "gamma": 0.5}
    table = judged({"wrong": learning_rate_in_velocity, "ours": sgd_momentum}, halved)
    verdicts = table.groupby("variant")["verdict"].agg(overall).to_dict()
    assert verdicts == {"wrong": DIFFERENT, "ours": IDENTICAL}
    assert set(table["different_iteration"].dropna()) == {16}


#: What a variant may say about training; an epoch has 10 iterations.
WARM_UP = [
    {"name": "LinearLR", "start_factor": 0.1, "total_iters": 5, "per": "iteration", "epochs": 1},
    {"name": "StepLR", "step_size": 1, "gamma": 0.5},
]
REGIME = {
    "lr_scheduler": WARM_UP,
    "gradient_clipping": {"norm": 0.5},
    "groups": [{"parameters": ["b*"], "lr": 0.01}],
}


def of_variant(settings):
    return partial(make_variant_step, settings, iterations_per_epoch=10)


def compared(ours, theirs, **options):
    """Replay two variants, as the workflow does; return the row of the verdict on each dtype."""
    makers = {"ours": of_variant(ours), "theirs": of_variant(theirs)}
    extent = {"iterations": 30, "closed_loop": False, "training": TRAINING}
    trace = replay(make_data(), makers, "theirs", SEEDS, **extent | options)
    return parity({"pair": trace}, {"pair": "theirs"}, len(SEEDS)).set_index("dtype")


def test_variants_with_the_same_schedule_clipping_and_groups_have_the_same_bits():
    assert set(compared(MOMENTUM | REGIME, TORCH | REGIME)["verdict"]) == {IDENTICAL}


@pytest.mark.parametrize(
    ("change", "iteration"),
    [
        ({"lr_scheduler": [WARM_UP[0] | {"total_iters": 6}, WARM_UP[1]]}, 2),
        ({"lr_scheduler": [WARM_UP[0], WARM_UP[1] | {"gamma": 0.6}]}, 21),
        ({"gradient_clipping": {"norm": 0.6}}, 1),
        ({"groups": [{"parameters": ["b*"], "lr": 0.02}]}, 1),
    ],
    ids=str,
)
def test_another_schedule_clipping_or_group_is_different_from_where_it_begins(change, iteration):
    table = compared(MOMENTUM | REGIME | change, TORCH | REGIME)
    assert set(table["verdict"]) == {DIFFERENT}
    assert set(table["different_iteration"]) == {iteration}


def regulated(rule, scheduler, clipping=None):
    """Bind a momentum rule with a schedule and clipping."""

    def make(parameters):
        step = bind(rule, parameters, {"lr": 0.05, "momentum": 0.9})
        return Regulated(step, scheduler, clipping, 10)

    return make


def judged(rules, *regime):
    """Hold regulated rules against a regulated momentum; return the table."""
    makers = {name: regulated(rule, *regime) for name, rule in rules.items()}
    makers["theirs"] = regulated(sgd_momentum, *regime)
    extent = {"iterations": 30, "closed_loop": False, "training": TRAINING}
    trace = replay(make_data(), makers, "theirs", [0], **extent)
    return parity({"pair": trace}, {"pair": "theirs"}, 1)


@pytest.mark.parametrize("clipping", [None, {"norm": 0.5}], ids=str)
def test_a_correct_rule_stays_right_while_its_rate_follows_a_schedule(clipping):
    """Unless the rate is in its velocity: that is another rule once the rate changes."""
    table = judged({rule.__name__: rule for rule in CORRECT}, WARM_UP[1], clipping)
    wrong = table[table["verdict"] == DIFFERENT]
    assert set(wrong["variant"]) == {"scaled_velocity", "two_points"}
    assert set(wrong["different_iteration"]) == {11}


@pytest.mark.parametrize("clipping", [{"norm": 0.01}, {"norm": 1e6}, {"value": 0.001}], ids=str)
def test_a_correct_rule_stays_right_while_gradients_are_clipped(clipping):
    table = judged({rule.__name__: rule for rule in CORRECT}, None, clipping)
    assert DIFFERENT not in set(table["verdict"])


def careless(parameters, gradients, state, *, lr, momentum):
    """Right in float64; in float32, the rate is off by a thousandth."""
    if parameters[0].dtype == torch.float32:
        lr = 1.001 * lr
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


@pytest.mark.parametrize("start_factor", [0.001, 1.0])
def test_a_warm_up_hides_no_mistake(start_factor):
    """What rounding may do is not measured at the rate of its first iteration."""
    warm_up = {"name": "LinearLR", "start_factor": start_factor, "total_iters": 20}
    table = judged({"careless": careless}, warm_up | {"per": "iteration"})
    assert dict(zip(table["dtype"], table["verdict"], strict=True)) == {
        "float32": DIFFERENT,
        "float64": IDENTICAL,
    }


def networks_after(iterations, variant=MOMENTUM):
    """Replay momentum; return the final parameters of the reference's networks, and the trace.

    The first network trains; the second one is the same in float64. Those of ours come after them.
    """
    networks = []

    def reference(parameters):
        networks.append(parameters)
        return of_variant(variant)(parameters)

    trace = replay(
        make_data(),
        {"reference": reference, "ours": of_variant(variant)},
        "reference",
        SEEDS,
        iterations=iterations,
        training=TRAINING,
    )
    return networks, trace


@pytest.mark.parametrize("variant", [MOMENTUM, MOMENTUM | REGIME], ids=["plain", "regulated"])
def test_gradients_are_those_of_the_references_own_training(variant):
    networks, _ = networks_after(iterations=20, variant=variant)
    evaluation = {"epochs": 2, "evaluation_batch_size": 25}
    runs = train(make_data(), "reference", variant, SEEDS, **evaluation, training=TRAINING)
    for index, run in enumerate(runs):
        for ours, final in zip(networks[0], run.parameters.values(), strict=True):
            assert torch.equal(ours[index].squeeze(), final.squeeze())


def test_the_bound_holds_against_exact_arithmetic_and_not_by_far():
    """The error of float32, measured against float64, is within half the bound of two rules."""
    networks, trace = networks_after(iterations=ITERATIONS)
    bound = trace[trace["dtype"] == "float32"]["bound"].iloc[-1]
    errors = [
        ((single - double).abs().max() / double.abs().max()).item()
        for single, double in zip(*networks[:2], strict=True)
    ]
    assert 1e-4 * bound < max(errors) < bound / 2


def test_seeds_of_several_blocks_are_all_compared():
    """The mistake of one seed among seven is found, wherever it is."""

    def wrong_for_one_seed(parameters, gradients, state, *, lr, momentum):
        if len(parameters[0]) == 2:  # the second block of five has the last two seeds
            gradients[0][1] += 1e-3
        sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)

    table, verdicts = judge([wrong_for_one_seed], seeds=list(range(10, 17)), iterations=5)
    assert verdicts == {"wrong_for_one_seed": DIFFERENT}
    assert set(table["different_seed"]) == {16}
    assert set(table["different_tensor"]) == {"W0"}


def test_a_diverging_reference_ends_the_replay():
    table, _ = judge(["scratch.sgd_momentum"], lr=1e30, iterations=20)
    assert (table["iterations"] < 20).all()


def test_in_the_closed_loop_every_rule_follows_its_own_gradients():
    """One seed of it; there the same rule keeps its bits, and another one leaves for good."""
    makers = {
        "torch": maker("torch.optim.SGD", lr=0.05, momentum=0.9),
        "same": maker("scratch.sgd_momentum", lr=0.05, momentum=0.9),
        "slower": maker("scratch.sgd_momentum", lr=0.049, momentum=0.9),
    }
    trace = replay(make_data(), makers, "torch", SEEDS, iterations=5, training=TRAINING)
    assert set(trace["loop"]) == {"replay", "closed"}
    closed = trace[trace["loop"] == "closed"]
    assert set(closed["seed"]) == {SEEDS[0]}
    assert closed.groupby("variant")["identical"].agg(["any", "all"]).values.tolist() == [
        [True, True],
        [False, False],
    ]
    own, given = (
        trace.query(
            "variant == 'slower' and dtype == 'float64' and loop == @loop and iteration > 1"
        )
        for loop in ("closed", "replay")
    )
    assert (own["difference"].to_numpy() != given["difference"].to_numpy()).all()


def test_parity_of_not_a_number_is_different():
    def broken(parameters, gradients, state, *, lr, momentum):
        parameters[0].fill_(np.nan)

    table, verdicts = judge([broken], iterations=3)
    assert verdicts == {"broken": DIFFERENT}
    assert np.isinf(table["largest_difference"]).all()


#: Right, rounded differently, so that twins are needed, and wrong.
ON_A_DEVICE = {"torch": TORCH, "ours": MOMENTUM, "wrong": {**TORCH, "lr": 0.06}}


def on_a_device(iterations=2):
    makers = {}
    for variant, settings in ON_A_DEVICE.items():
        optimizer, hyperparameters = split_settings(settings)
        makers[variant] = maker(optimizer, **hyperparameters)
    training = replace(TRAINING, validation_fraction=0.1)
    return replay(make_data(), makers, "torch", [0], training=training, iterations=iterations)


def test_a_replay_on_a_device_leaves_nothing_on_the_cpu():
    """Here the device computes like the CPU, so that even the differences are the same.

    But a disturbed run may call other operations there, whose random errors are others.
    """
    on_cpu = on_a_device()
    assert set(on_cpu.loc[on_cpu["variant"] == "wrong", "envelope"]) > {"none"}
    with pretending(replaying):
        away = on_a_device()
    shares = (away.pop("share") > 1, on_cpu.pop("share") > 1)
    assert shares[0].equals(shares[1]) and shares[0].any()
    pd.testing.assert_frame_equal(away, on_cpu, check_exact=True)


@pytest.mark.parametrize(
    ("module", "name", "left"),
    [
        (
            model,
            "initialize",
            lambda original: lambda sizes, of, device: original(sizes, of),
        ),
        (PreparedData, "to", lambda original: lambda self, device: self),
        (arithmetic, "_pool", lambda original: lambda dtype, device: original(dtype, "cpu")),
        (
            tolerance,
            "magnitudes",
            lambda original: lambda of: original(of).to(of[0].device),
        ),
    ],
)
def test_what_a_replay_leaves_on_the_cpu_is_an_error(module, name, left, monkeypatch):
    arithmetic._factors.cache_clear()
    monkeypatch.setattr(module, name, left(getattr(module, name)))
    with pytest.raises(MixedDevicesError), pretending(replaying):
        on_a_device()


# Many iterations are measured at once


def checked_sgd(parameters, gradients, state, *, lr):
    """Refuse parameters that are not finite, and break off in the fourth iteration if asked."""
    state["calls"] = state.get("calls", 0) + 1
    for p, g in zip(parameters, gradients, strict=True):
        if not p.isfinite().all():
            raise ValueError("not finite")
        if lr == 0.5 and state["calls"] == 4:
            raise ValueError("the fourth call")
        p.sub_(g, alpha=lr)


def of_ones():
    return Given([torch.zeros(3)], [[torch.ones(3)] for _ in range(10)])


def test_a_trace_ends_before_the_reference_is_infinite_whatever_the_rule_says_then():
    found = traced(*sides(checked_sgd, lr=1e38), kind=of_ones, iterations=10)
    assert found["iteration"].max() == 3 and found["identical"].all()


def test_an_error_while_the_reference_is_finite_is_raised():
    with pytest.raises(ValueError, match="the fourth call"):
        traced(*sides(checked_sgd, lr=0.5), kind=of_ones, iterations=10)


@pytest.mark.parametrize("numbers", [1, 40, 10**6])
def test_the_trace_does_not_depend_on_how_many_iterations_are_measured_at_once(
    numbers, monkeypatch
):
    expected = traced(*sides("scratch.nesterov", lr=0.1, momentum=0.9))
    monkeypatch.setattr(replaying, "_NUMBERS_AT_ONCE", numbers)
    found = traced(*sides("scratch.nesterov", lr=0.1, momentum=0.9))
    place = ["variant", "dtype", "iteration"]
    found, expected = (each.sort_values(place, ignore_index=True) for each in (found, expected))
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


@pytest.mark.slow
def test_the_trace_does_not_depend_on_the_order_of_sets():
    """Hyperparameters are disturbed one after the other, with random numbers."""
    code = (
        "from comparing import sides, traced; ours = sides('scratch.adam', 'torch.optim.NAdam', "
        "lr=0.1); print(traced(*ours)[['share', 'envelope']].to_csv())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "0123"
    }
    assert len(printed) == 1 and "reference" in printed.pop()
