"""What a wrong rule looks like: known mistakes, and facts about its steps."""

import inspect
from functools import partial

import torch

from descent import model
from descent.optimizers.scratch.sgd_momentum import sgd_momentum
from descent.optimizers.step import Step, bind, find
from descent.parity.mutants import MUTANTS
from descent.parity.replay import replay
from descent.parity.verdict import DIFFERENT, overall, parity
from descent.training.settings import TrainingSettings

#: Training on the small problem. Two biases have the same shape, so that a rule can mix them up.
TRAINING = TrainingSettings(
    root_seed=0, seeding="independent", hidden=[20, 20], batch_size=32, threads=1
)

#: Name of the reference in a replay of the small problem.
REFERENCE = "reference"

# Correct momentum is a mistake, too, if the reference is another rule, such as Nesterov's.
_KNOWN = [*MUTANTS, sgd_momentum]

# A few iterations rule out most mistakes; the remaining ones are compared for longer.
_FIRST_LOOK, _SECOND_LOOK = 3, 60

_PROBE_SIZES = [6, 5, 5, 3]


def observe(data, reference, makers, seeds, iterations, schedule=None):
    """Replay the reference's gradients on the small problem with other rules, a dict of makers.

    See `descent.parity.replay.replay`.
    """
    return replay(
        data,
        {REFERENCE: reference, **makers},
        REFERENCE,
        seeds,
        iterations=iterations,
        schedule=schedule,
        closed_loop=False,
        training=TRAINING,
    )


def judge(data, reference, makers, seeds, *extent):
    """Judge rules with `observe`; see `descent.parity.verdict.parity`."""
    trace = observe(data, reference, makers, seeds, *extent)
    return parity({"check": trace}, {"check": REFERENCE}, len(seeds))


def find_hints(data, ours, theirs, table, reference_settings):
    """Describe what a rule that differs from its reference looks like.

    Parameters
    ----------
    data : descent.data.prepared.PreparedData
    ours, theirs : callable
        Functions that make the step of the rule and of the reference.
    table : pandas.DataFrame
        The verdicts on the rule, see `judge`.
    reference_settings : dict

    Returns
    -------
    list of str
    """
    if table["largest_difference"].max() == float("inf"):
        return ["a parameter becomes infinite or NaN; is a divisor 0, or a sign wrong?"]
    hints = []
    if "lr" in reference_settings:
        settings = {"momentum": 0.0} | {
            key: reference_settings[key] for key in ("lr", "momentum") if key in reference_settings
        }
        until = int(table["different_iteration"].max()) + 10
        hints = [_looks_like(rule) for rule in _recognise(data, ours, settings, until)]
    return hints or _facts(ours, theirs, table)


def _recognise(data, ours, settings, until):
    """Find the known rules that take the same steps as the user's rule, given its gradients."""
    known = {rule.__name__: rule for rule in _KNOWN}
    for iterations in (_FIRST_LOOK, max(_SECOND_LOOK, until)):
        makers = {
            name: partial(bind, rule, hyperparameters=settings) for name, rule in known.items()
        }
        if makers:
            verdicts = judge(data, ours, makers, [0], iterations).groupby("variant")
            worst = verdicts["verdict"].agg(overall)
            known = {name: rule for name, rule in known.items() if worst[name] != DIFFERENT}
    return list(known.values())


def _looks_like(rule):
    what = inspect.getdoc(rule).partition("\n")[0]
    name = rule.__name__.replace("_", " ")
    return f"this looks like {name}; the mistake would be to {what[0].lower()}{what[1:]}"


def _facts(ours, theirs, table):
    """Describe what can be observed of an unknown mistake."""
    verdicts = table.set_index("dtype")["verdict"]
    if verdicts["float32"] != DIFFERENT:
        return ["only float64 differs: something is kept or computed in float32"]
    if verdicts["float64"] != DIFFERENT:
        return ["only float32 differs: something loses more digits than rounding can explain"]
    start, gradients = _probe()
    one, other = (_steps(make, start, gradients) for make in (ours, theirs))
    names = model.names(start)
    facts = []
    wrong = [
        name for name, *pair in zip(names, one[-1], other[-1], strict=True) if not _close(*pair)
    ]
    still = [name for name, *pair in zip(names, start, one[-1], strict=True) if torch.equal(*pair)]
    if 0 < len(wrong) < len(names):
        facts.append(f"only {', '.join(wrong)} of {', '.join(names)} differ")
    if still:
        facts.append(f"never updated: {', '.join(still)}")
    if wrong and (ratio := _ratio(start, one[0], other[0])) is not None:
        facts.append(f"the first step is {ratio:.4g} times the reference's")
    begins = int(table["different_iteration"].min())
    if begins > 1:
        facts.append(
            f"the first {begins - 1} iterations agree: look for what changes in iteration {begins}"
        )
    return facts


def keeps_nothing_outside_its_state(optimizer, hyperparameters):
    """Tell whether a second run in the same process is like the first."""
    return repeats_itself(optimizer, *_probe(), hyperparameters)


def repeats_itself(optimizer, parameters, gradients, hyperparameters):
    """Tell whether a second run in the same process takes the same steps as the first.

    `make_step` reads a user's file again for every network, so that each run has its own global
    variables. Here the file is read once, as by a program that imports it, so that anything a run
    leaves outside `state` affects the next one.

    Parameters
    ----------
    optimizer, hyperparameters
        See `descent.optimizers.step.make_step`.
    parameters : list of torch.Tensor
        Stacked over seeds; not changed.
    gradients : list of list of torch.Tensor
        One list per iteration.

    Returns
    -------
    bool
        Whether the final bits are the same.
    """
    found = find(optimizer)
    ends = []
    for _ in range(2):
        network = [parameter.clone() for parameter in parameters]
        step = Step(optimizer, network, hyperparameters, find=lambda _: found)
        for gradient in gradients:
            step([tensor.clone() for tensor in gradient])
        ends.append(network)
    return all(map(torch.equal, *ends))


def _probe(iterations=5):
    """Make a network's parameters in float64, and random gradients for a few iterations."""
    random = torch.Generator().manual_seed(0)
    start = [p.detach().double() for p in model.initialize(_PROBE_SIZES, [random])]
    return start, [
        [torch.randn(p.shape, generator=random, dtype=p.dtype) for p in start]
        for _ in range(iterations)
    ]


def _steps(make, start, gradients):
    """List the parameters after every iteration."""
    parameters = [parameter.clone() for parameter in start]
    step = make(parameters)
    taken = []
    for gradient in gradients:
        step([tensor.clone() for tensor in gradient])
        taken.append([parameter.clone() for parameter in parameters])
    return taken


def _close(one, other):
    return torch.allclose(one, other, rtol=1e-10, atol=1e-12)


def _ratio(start, one, other):
    """Return the factor between the first steps; None if there is no common one, or if it is 1."""
    ours, theirs = (
        torch.cat([(new - old).flatten() for new, old in zip(step, start, strict=True)])
        for step in (one, other)
    )
    ratio = (ours @ theirs) / (theirs @ theirs)
    proportional = torch.allclose(ours, ratio * theirs, rtol=1e-6, atol=1e-12)
    return ratio.item() if proportional and not _close(ratio, torch.ones_like(ratio)) else None
