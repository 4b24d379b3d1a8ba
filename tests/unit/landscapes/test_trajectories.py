"""Trajectories: the same numbers as a plain loop, and where they end."""

import json
import math

import pytest
import torch

from descent.errors import RuleError, UsageError
from descent.landscapes.functions import FUNCTIONS
from descent.landscapes.trajectories import follow, follow_variants, load, read

ROSENBROCK = FUNCTIONS["rosenbrock"]


def loop(make, function, iterations, shape=(2,), every=lambda optimizer, k: None):
    """Follow an optimizer of torch as anybody would."""
    point = torch.tensor(function.start, dtype=torch.float64).reshape(shape).requires_grad_()
    optimizer = make([point])
    points = [tuple(point.flatten().tolist())]
    for k in range(iterations):
        every(optimizer, k)
        optimizer.zero_grad()
        function.value(*point.flatten()).backward()
        optimizer.step()
        points.append(tuple(point.flatten().tolist()))
    return points


def way(rule, settings, function=ROSENBROCK, **options):
    [found] = follow({"rule": load(rule, settings)}, function, **options)
    return found


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize(
    ("name", "settings"),
    [("SGD", {"lr": 0.0005, "momentum": 0.9}), ("Adam", {"lr": 0.02})],
)
def test_a_class_goes_as_in_a_plain_loop_to_the_last_bit(name, settings, function):
    expected = loop(lambda p: getattr(torch.optim, name)(p, **settings), function, 200)
    found = way(f"torch.optim.{name}", settings, function, iterations=200)
    assert found.points == expected
    values = [function.value(*torch.tensor(p, dtype=torch.float64)).item() for p in expected]
    assert found.values == values


@pytest.mark.parametrize("rule", ["scratch.sgd_momentum", "torch.optim.SGD"])
def test_a_rule_goes_as_the_formula_says(rule):
    x, y = ROSENBROCK.start
    u = v = 0.0
    points = [(x, y)]
    for _ in range(1000):
        g = -2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)
        u, v = 0.9 * u + g[0], 0.9 * v + g[1]
        x, y = x - 0.0005 * u, y - 0.0005 * v
        points.append((x, y))
    found = way(rule, {"lr": 0.0005, "momentum": 0.9}, iterations=1000)
    assert len(found.points) == len(found.values) == 1001 == len(found.lengths) + 1
    for one, other in zip(found.points, points, strict=True):
        assert one == pytest.approx(other, rel=1e-9)
    assert found.lengths[0] == pytest.approx(math.dist(points[0], points[1]), rel=1e-12)


def test_a_rule_that_takes_matrices_only_gets_one():
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("this torch has no Muon")
    expected = loop(lambda p: torch.optim.Muon(p, lr=0.01), ROSENBROCK, 20, shape=(1, 2))
    assert way("torch.optim.Muon", {"lr": 0.01}, iterations=20).points == expected


def test_start_and_iterations_can_be_chosen():
    found = way("scratch.sgd", {"lr": 0.1}, FUNCTIONS["saddle"], start=(0.5, 0.0), iterations=3)
    assert found.points[0] == (0.5, 0.0) and len(found.points) == 4
    assert found.points[-1] == pytest.approx((0.5 * 0.8**3, 0))


def test_a_schedule_changes_the_rate_and_clipping_the_step():
    sides = {
        "scheduled": load(
            "torch.optim.SGD",
            {"lr": 0.001},
            {"lr_scheduler": {"name": "StepLR", "step_size": 1, "gamma": 0.1}},
            iterations_per_epoch=2,
        ),
        "clipped": load("scratch.sgd", {"lr": 0.1}, {"gradient_clipping": {"norm": 1.0}}),
    }
    scheduled, clipped = follow(sides, ROSENBROCK, iterations=6)

    def halve(optimizer, k):
        optimizer.param_groups[0]["lr"] = 0.001 * 0.1 ** (k // 2)

    expected = loop(lambda p: torch.optim.SGD(p, lr=0.001), ROSENBROCK, 6, every=halve)
    assert scheduled.points[-1] == pytest.approx(expected[-1], rel=1e-12)
    assert clipped.lengths == pytest.approx([0.1] * 6, rel=1e-4)


def test_what_diverges_ends_with_its_last_finite_point():
    found = way("scratch.sgd", {"lr": 0.1})
    assert found.end == f"not finite from iteration {len(found.points)} on"
    assert all(map(math.isfinite, [*found.values, *sum(found.points, ())]))
    assert found.leaves(ROSENBROCK) == 1


def fragile(parameters, gradients, state, *, lr):
    state["steps"] = state.get("steps", 0) + 1
    if state["steps"] > 5:
        raise ArithmeticError("too far")
    parameters[0].sub_(lr * gradients[0] / gradients[0].norm())


def turns_to_nan(parameters, gradients, state, *, lr):
    state["steps"] = state.get("steps", 0) + 1
    parameters[0].sub_(lr * gradients[0] * (math.nan if state["steps"] > 4 else 1))


def noisy(parameters, gradients, state, *, lr):
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr * (g + torch.randn_like(g)))


memory = []


def keeps_a_global(parameters, gradients, state, *, lr):
    memory.append(0)
    parameters[0].sub_(lr / len(memory) * gradients[0])


def test_an_error_ends_the_way_and_is_named():
    found = way(fragile, {"lr": 0.1})
    assert len(found.points) == 6
    assert "raises an error in iteration 6: " in found.end and "too far" in found.end
    assert way(turns_to_nan, {"lr": 1e-4}).end == "not finite from iteration 5 on"


def test_random_numbers_and_global_variables_do_not_make_pictures_differ():
    before = torch.get_rng_state()
    assert way(noisy, {"lr": 1e-4}) == way(noisy, {"lr": 1e-4})
    assert torch.equal(torch.get_rng_state(), before)
    one, other = follow(
        {"one": load(keeps_a_global, {"lr": 1e-4}), "other": load(keeps_a_global, {"lr": 1e-4})},
        ROSENBROCK,
    )
    assert one.points == other.points
    assert one.lengths[0] == pytest.approx(1e-4 * math.dist((0, 0), (-215.6, -88)), rel=1e-9)


def matrices_only(parameters, gradients, state, *, lr):
    if parameters[0].ndim != 2:
        raise ValueError("no matrix")
    parameters[0].sub_(lr * gradients[0])


def vectors_only(parameters, gradients, state, *, lr):
    if parameters[0].ndim != 1:
        raise ValueError("no vector")
    parameters[0].sub_(lr * gradients[0])


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (["torch.optim.LBFGS"], "torch.optim.LBFGS: cannot be drawn: .*closure"),
        ([matrices_only, vectors_only], "cannot be drawn together: .*no matrix"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_line(rules, said):
    with pytest.raises(RuleError, match=said) as raised:
        follow({str(rule): load(rule, {"lr": 0.1}) for rule in rules}, ROSENBROCK)
    assert "\n" not in str(raised.value)


def test_groups_are_refused():
    with pytest.raises(UsageError, match="groups: cannot be drawn"):
        load("scratch.sgd", {"lr": 0.1}, {"groups": [{"parameters": ["b0"], "lr": 1}]})


def test_variants_keep_their_names_and_lose_their_groups(tmp_path):
    schedule = {"name": "StepLR", "step_size": 1, "gamma": 0}
    found = follow_variants(
        {
            "plain": {"optimizer": "scratch.sgd", "lr": 0.001, "reference": True},
            "grouped": {
                "optimizer": "scratch.sgd",
                "lr": 0.001,
                "groups": [{"parameters": ["b0"], "lr": 1.0}],
            },
            "scheduled": {"optimizer": "scratch.sgd", "lr": 0.001, "lr_scheduler": schedule},
        },
        ROSENBROCK,
        epochs=5,
    )
    assert [each.label for each in found] == ["plain", "grouped (without its groups)", "scheduled"]
    plain, grouped, scheduled = found
    assert plain.points == grouped.points
    assert scheduled.points[:101] == plain.points[:101]  # an epoch has 500 / 5 iterations
    assert set(scheduled.lengths[100:]) == {0}
    file = tmp_path / "found.json"
    file.write_text(json.dumps([each.to_dict() for each in found]))
    assert [each.points[-1] for each in read(file)] == [list(each.points[-1]) for each in found]
