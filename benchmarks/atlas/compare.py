"""Compare the optimizers of one name with each other: `compare.py NAME OUT`, run by atlas.smk.

Every pair is replayed at its own defaults, where only the learning rate is the same, and checked
as by `descent check` at the settings of `families.yaml`, with the options that bring the two
closest to each other. What is left of a difference is narrowed down.
"""

import itertools
import json
import sys
import warnings
from functools import partial
from pathlib import Path

import pandas as pd
import torch
import yaml
from torch.nn.utils import parameters_to_vector

from descent.counterparts.matching import BESIDE, match
from descent.errors import DescentError
from descent.files import replacing
from descent.optimizers.signatures import check_hyperparameters
from descent.parity.check import SEEDS, TRAINING, check, small_problem
from descent.parity.contender import Contender
from descent.parity.first_steps import describe, first_steps
from descent.parity.replay import DTYPES, Network, Training, replay
from descent.parity.trials import try_everything
from descent.parity.verdict import CONSTANT, DIFFERENT, judge, overall
from descent.training.device import reproducible

FAMILIES = Path(__file__).parent / "families.yaml"

#: How many of the first steps are compared by their lengths.
STEPS = 5

#: Iterations at shared settings and at defaults; trials follow where the steps are the same.
ITERATIONS, OF_DEFAULTS = 100, 50

#: Points of a curve, evenly spaced on a logarithmic axis.
POINTS = 24

#: What two optimizers may still differ by: the difference is gone if it is gone in both.
SUSPECTS = {"eps": 1e-30, "weight_decay": 0.0, "momentum": 0.0, "betas": [0.0, 0.999]}


def families():
    """Read the optimizers of each name."""
    return yaml.safe_load(FAMILIES.read_text())


def compare(family):
    """Compare all pairs of optimizers of a family.

    Parameters
    ----------
    family : dict
        With `settings`, `members` and perhaps `needs`; see families.yaml.

    Returns
    -------
    list of dict
        Ready for JSON.
    """
    return [
        _pair(family, first, second)
        for first, second in itertools.combinations(family["members"], 2)
    ]


def _pair(family, first, second):
    both = (first, second)
    needs = {"lr", *family.get("needs", ())}
    bare = [_taken(each, family["settings"], needs) for each in both]
    shared = [_taken(each, family["settings"]) for each in both]
    best = [
        taken | family["members"][each] | _towards(other, each, family)
        for each, other, taken in zip(both, reversed(both), shared, strict=True)
    ]
    found = {
        "first": first,
        "second": second,
        "unlike": _unlike_defaults(both, bare),
        "defaults": _replayed(both, bare),
        "shared": _checked(both, shared) if best == shared else _replayed(both, shared),
    }
    if best != shared:
        found["best"] = _checked(both, best)
    last = found.get("best", found["shared"])
    if last["verdict"] == DIFFERENT and not last["trials"]:  # it shows in training
        found["narrowed"] = _narrowed(both, best)
    return found


def _towards(other, optimizer, family):
    """Return the settings that bring an optimizer closer to a certain other one."""
    wanted = family.get("against", {}).get(other, {})
    known = _defaults(optimizer, family["settings"])
    return {name: value for name, value in wanted.items() if name in known}


def _taken(optimizer, settings, names=None):
    """Return those of the settings that an optimizer takes."""
    known = _defaults(optimizer, settings)
    return {
        name: value
        for name, value in settings.items()
        if name in known and (names is None or name in names)
    }


def _defaults(optimizer, settings):
    """Map the hyperparameters of an optimizer to their defaults, by the names of the family."""
    names = dict(settings)
    while True:
        try:
            check_hyperparameters(optimizer, names)
            return Contender.load(optimizer, names).values
        except DescentError as error:
            del names[str(error).partition(":")[0]]


def _unlike_defaults(both, bare):
    """List which hyperparameters have other defaults: (name, of the first, of the second)."""
    ours, theirs = (each.values for each in _loaded(both, bare))
    pairs = [(name, ours[name], theirs[other]) for name, other, _ in match([*ours], [*theirs])]
    return [
        (name, one, other)
        for name, one, other in pairs
        if name not in BESIDE
        and not callable(one)
        and _plain(one) != _plain(other)
        and (one or other)
    ]


def _checked(both, settings):
    """Check the second optimizer against the first one, as `descent check` does."""
    first, second = both
    try:
        report = check(second, first, settings[1], settings[0], ITERATIONS)
    except DescentError as error:
        return _refused(settings, error)
    trials = report.trials.set_index("trial")["verdict"]
    if (trials == DIFFERENT).any():  # a check ends there
        trials = _all_trials(both, settings)
    return {
        "settings": settings,
        "verdict": report.verdict,
        "begins": report.begins,
        "changing": trials.index[trials == CONSTANT].tolist(),
        "trials": trials.index[trials == DIFFERENT].tolist(),
        "hints": report.hints,
        "steps": json.loads(report.first_steps.to_json(orient="records")),
        "lengths": _lengths(both, settings),
        "curve": _curve(report.trace),
    }


def _all_trials(both, settings):
    """Return the verdicts of all trials."""
    first, second = _loaded(both, settings)
    with reproducible(torch.device("cpu")):
        outcomes = list(try_everything(second, first))
    return pd.Series({each.trial: each.verdict for each in outcomes}, dtype=object)


def _replayed(both, settings):
    """Compare two optimizers in training only, at settings that are not the last word."""
    try:
        makers = dict(zip(("first", "second"), _makers(both, settings), strict=True))
        trace = replay(
            small_problem(),
            makers,
            "first",
            SEEDS,
            training=TRAINING,
            iterations=OF_DEFAULTS,
            closed_loop=False,
        )
    except DescentError as error:
        return _refused(settings, error)
    if trace.empty:
        return _refused(settings, f"{both[0]} is not finite after its first step")
    table = judge(trace)
    found = {"settings": settings, "verdict": overall(table["verdict"]), "begins": "", "steps": []}
    if found["verdict"] == DIFFERENT:
        row = table[table["verdict"] == DIFFERENT].iloc[-1]  # float64 rather than float32
        steps = first_steps(
            Training.of(small_problem(), "first", SEEDS, TRAINING),
            makers["second"],
            makers["first"],
            [{}] * OF_DEFAULTS,
            int(row["different_iteration"]),
            row["dtype"],
        )
        found["begins"] = describe(steps, int(row["different_iteration"]))
        found["steps"] = json.loads(steps.to_json(orient="records"))
    more = {"lengths": _lengths(both, settings), "curve": _curve(trace)}
    return found | {"changing": [], "trials": [], "hints": []} | more


def _loaded(both, settings):
    return [Contender.load(each, given) for each, given in zip(both, settings, strict=True)]


def _makers(both, settings):
    """Return the functions that make the steps of both, see `descent.parity.replay.replay`."""
    only_matrices = "Muon" in both[0]
    return [partial(side.bind, only_matrices=only_matrices) for side in _loaded(both, settings)]


def _refused(settings, why):
    return {"settings": settings, "verdict": None, "reason": str(why)}


def _curve(trace):
    """Return some points of the difference in float64: iteration, and share of the way so far."""
    curve = trace[(trace["dtype"] == "float64") & (trace["loop"] == "replay")]
    last = int(curve["iteration"].max())
    shown = {round(last ** (index / (POINTS - 1))) for index in range(POINTS)}
    return [
        (int(row.iteration), float(f"{row.share_of_way:.3g}"))
        for row in curve[curve["iteration"].isin(shown)].itertuples()
    ]


def _lengths(both, settings):
    """Return how long the first steps of the second are, in terms of those of the first."""
    source = Training.of(small_problem(), "rule", SEEDS, TRAINING)
    networks = [
        Network(source.initial, make, DTYPES["float64"]) for make in _makers(both, settings)
    ]
    ratios = []
    for _ in range(STEPS):
        gradients = source.gradients(networks[0])
        one, other = (_length(network, gradients) for network in networks)
        ratios.append(float(f"{other / one:.6g}") if one else None)
    return ratios


def _length(network, gradients):
    """Take a step; return its length, over all parameters."""
    before = parameters_to_vector(network.values)
    network.step(gradients, {})
    return torch.linalg.norm(parameters_to_vector(network.values) - before).item()


def _narrowed(both, settings):
    """Find what is left of a difference: what makes two optimizers equal if it is gone in both."""
    found = []
    for name, value in SUSPECTS.items():
        if not all(name in given and given[name] != value for given in settings):
            continue
        gone = _replayed(both, [given | {name: value} for given in settings])
        if gone["verdict"] not in (None, DIFFERENT):
            found.append({"name": name, "value": value, "verdict": gone["verdict"]})
    return found


def _plain(value):
    return list(value) if isinstance(value, tuple) else value


def main(name, out):
    """Compare the optimizers of one name, and write what was found."""
    torch.set_num_threads(1)  # the tensors are small
    warnings.simplefilter("ignore")
    with replacing(Path(out)) as part:
        part.write_text(json.dumps(compare(families()[name]), default=str) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
