"""Update rules in a user's own files: right for every seed, and clear errors if they are wrong."""

import pytest
import torch

from configurations import PROJECT
from descent import model
from descent.errors import RuleError
from descent.optimizers.step import make_step
from networks import bits, make_data, run

RULES = (PROJECT / "tests" / "support" / "own_rules.py").read_text()
HEADER = "def rule(parameters, gradients, state, *, lr):\n"
LOOP = HEADER + "    for p, g in zip(parameters, gradients):\n        "


@pytest.mark.parametrize(
    "rule", ["clipped", "lars", "forgets_its_state", "Normalized", "scratch.muon",
             "torch.optim.Muon", "scratch.adafactor", "torch.optim.Adafactor"]
)  # fmt: skip
@pytest.mark.parametrize("hidden", [(20, 20), (7, 1)], ids=str)
def test_five_seeds_together_have_the_bits_of_each_alone(write, rule, hidden):
    optimizer = rule if "." in rule else f"{write(RULES)}:{rule}"
    settings, data = {"optimizer": optimizer, "lr": 0.05}, make_data(n_pixels=63)
    together = run(data, settings, [0, 1, 2, 3, 4], hidden=hidden, epochs=1)
    alone = [run(data, settings, [seed], hidden=hidden, epochs=1)[0] for seed in range(5)]
    assert [bits(one) for one in together] == [bits(one) for one in alone]


def step_once(optimizer, **hyperparameters):
    """Take one step on two networks and return their parameters."""
    generators = [torch.Generator().manual_seed(seed) for seed in range(2)]
    parameters = [parameter.detach() for parameter in model.initialize([4, 3, 2], generators)]
    step = make_step(optimizer, parameters, {"lr": 0.1, **hyperparameters})
    step([torch.full_like(p, 0.5) for p in parameters])
    return parameters


def test_a_users_rule_is_that_rule(write):
    """Clipping written out: the gradients of a network have the norm sqrt(23) / 2, 23 numbers."""
    before = step_once(f"{write(RULES)}:clipped", lr=0.0)
    after = step_once(f"{write(RULES)}:clipped")
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(new, old - 0.1 * 0.5 / (23**0.5 / 2) * 0.5)


def test_elementwise_rules_are_called_once_for_all_seeds(write):
    source = (
        "ELEMENTWISE = {}\ndef rule(parameters, gradients, state, *, lr):\n"
        "    for p, g in zip(parameters, gradients):\n        p.sub_(lr * g * (p.ndim == 3))\n"
    )
    together = step_once(f"{write(source.format(True))}:rule")
    assert not torch.equal(together[0], step_once("scratch.sgd", lr=0.0)[0])
    with pytest.raises(RuleError, match="no parameter has changed"):
        step_once(f"{write(source.format(False))}:rule")


def test_a_changed_hyperparameter_reaches_the_users_rule(write):
    for rule in ("clipped", "Normalized"):
        parameters = step_once(f"{write(RULES)}:{rule}", lr=0.0)
        step = make_step(f"{write(RULES)}:{rule}", parameters, {"lr": 0.1})
        before = [parameter.clone() for parameter in parameters]
        step([torch.ones_like(p) for p in parameters], lr=0.0)
        assert all(map(torch.equal, parameters, before))


@pytest.mark.parametrize("name", ["Adam", "Muon"])
def test_a_subclass_of_a_class_of_torch_is_that_class(write, name):
    ours, theirs = step_once(f"{write(RULES)}:{name}"), step_once(f"torch.optim.{name}")
    assert all(map(torch.equal, ours, theirs))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (LOOP + "p = p - lr * g", "my_rules.py: no parameter has changed in 100 iterations"),
        (LOOP + "p.sub_(lr * state['v'])", "my_rules.py, line 3: KeyError: 'v'"),
        (LOOP + "p.sub_(g.T)", "my_rules.py, line 3: RuntimeError: The size of tensor a"),
        (HEADER + "    helper()\ndef helper():\n    raise ValueError('two\\nlines')",
         "my_rules.py, line 4: ValueError: two lines"),
        ("import no_such_module\n" + LOOP + "p.sub_(g)",
         "my_rules.py, line 1: ModuleNotFoundError: No module named 'no_such_module'"),
        (LOOP + "raise SystemExit", "my_rules.py, line 3: SystemExit"),
        ("ELEMENTWISE = True\n" + LOOP + "p.sub_(lr * g / g.norm())", "depend on the network"),
        (LOOP + "p.sub_(lr * torch.randn_like(g))", "line 3: NameError"),
        ("import numpy\n" + LOOP + "p.sub_(lr * numpy.random.rand())", "must be drawn with torch"),
        ("def rule(parameters, gradients, state, *, speed):\n    pass",
         "my_rules.py: lr: the rule takes no lr here; it takes speed"),
        ("class rule:\n    def __init__(self, params, lr): pass",
         "my_rules.py: the class rule has no method step or update"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_told_where(write, source, said):
    with pytest.raises(RuleError) as error:
        step_once(f"{write(source)}:rule")
    [line] = str(error.value).splitlines()
    assert said in line and len(line) < 400


def test_a_mistake_that_shows_late_is_told_where(write):
    file = write(
        HEADER + "    state['t'] = state.get('t', 0) + 1\n"
        "    parameters[0].sub_(1 / (30 - state['t']))\n"
    )
    parameters = step_once(f"{file}:rule")
    step = make_step(f"{file}:rule", parameters, {"lr": 0.1})
    with pytest.raises(RuleError, match=r"my_rules.py, line 3: ZeroDivisionError: division"):
        for _ in range(30):
            step([torch.ones_like(p) for p in parameters])


def test_a_rule_that_updates_every_few_iterations_is_no_mistake(write):
    file = write(
        HEADER + "    state['t'] = state.get('t', 0) + 1\n"
        "    parameters[0].sub_(lr * (state['t'] % 4 == 0))\n"
    )
    step_once(f"{file}:rule")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("torch.set_default_dtype(torch.float64)", "torch's default dtype"),
        ("torch.set_default_device('meta')", "torch's default device"),
        ("torch.set_num_threads(3)", "torch's number of threads"),
    ],
)
def test_what_a_step_changes_for_all_is_refused_and_put_back(write, change, said):
    before = torch.get_default_dtype(), torch.empty(0).device, torch.get_num_threads()
    with pytest.raises(RuleError, match=f"my_rules.py: it changes {said} for all that runs after"):
        step_once(
            f"{write(f'import torch{chr(10)}{LOOP}p.sub_(lr * g){chr(10)}    {change}')}:rule"
        )
    after = torch.get_default_dtype(), torch.empty(0).device, torch.get_num_threads()
    assert after == before
