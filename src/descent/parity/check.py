"""`descent check`: compares an update rule with a reference, in seconds and without data."""

import json
from dataclasses import replace
from functools import partial

import pandas as pd
import torch

from descent import model
from descent.data.prepared import PreparedData
from descent.errors import RuleError, UnusableReferenceError, UsageError
from descent.optimizers.groups import names_of
from descent.optimizers.signatures import check_hyperparameters
from descent.optimizers.spec import split_settings, split_training
from descent.optimizers.user_rules import try_out
from descent.parity import ITERATIONS, remarks, trials
from descent.parity.contender import Contender
from descent.parity.diagnosis import find_hints
from descent.parity.first_steps import COLUMNS, describe, first_steps
from descent.parity.gradients import MATRICES, NETWORK
from descent.parity.inside import torch_inside
from descent.parity.paths import refused
from descent.parity.regime import check_regime
from descent.parity.replay import Training, replay
from descent.parity.report import Report
from descent.parity.variations import not_exercised
from descent.parity.verdict import CONSTANT, DIFFERENT, overall, parity
from descent.training.device import reproducible, resolve
from descent.training.settings import TrainingSettings

SEEDS = [0, 1, 2]

#: Training on the small problem. Two biases have the same shape, so that a rule can mix them up.
TRAINING = TrainingSettings(
    root_seed=0, seeding="independent", hidden=[20, 20], batch_size=32, threads=1
)

#: Names in the trace.
RULE, REFERENCE = "rule", "reference"


def check(
    rule,
    against,
    settings,
    reference_settings=None,
    iterations=ITERATIONS,
    *,
    constant=False,
    form=None,
    device="cpu",
):
    """Compare an update rule with a reference, in training on a small problem and in trials.

    Parameters
    ----------
    rule, against : str or object
        Optimizers, see `descent.parity.contender.Contender.load`.
    settings : dict
        Hyperparameters of the rule, and of the reference unless it has its own; and `lr_scheduler`,
        `gradient_clipping` and `groups` as of a variant.
    reference_settings : dict, optional
    iterations : int
        Iterations of training.
    form : str, optional
        The form in which the rule is written, see `descent.optimizers.form_names.FORMS`.
    constant : bool
        Whether a rule passes that is the same only while hyperparameters stay constant.
    device : str
        Where both take their steps: `cpu`, `cuda`, or `auto` for a GPU where there is one.

    Returns
    -------
    Report

    Raises
    ------
    descent.errors.RuleError
        If the rule is wrong in a way that shows without a reference, or raises an exception.
    descent.errors.UnusableReferenceError
        If the reference rejects its hyperparameters or diverges.
    descent.errors.SignatureError
        If a hyperparameter, or what is said about training, is wrong.
    descent.errors.DeviceError
        If there is no GPU to use.
    """
    found = resolve(device, "device")
    reference_settings = settings if reference_settings is None else reference_settings
    (settings, of_ours), (reference_settings, of_theirs) = (
        split_training(given) for given in (settings, reference_settings)
    )
    for optimizer, given in ((rule, settings), (against, reference_settings)):
        if isinstance(optimizer, str):
            check_hyperparameters(optimizer, given.keys())
    per_epoch = TRAINING.iterations_per_epoch(len(small_problem().train_images))
    sides = []
    for side, training in (
        (Contender.load(rule, settings, form), of_ours),
        (_load_reference(against, reference_settings), of_theirs),
    ):
        names = names_of(len(TRAINING.hidden) + 1)
        check_regime(training, side.values, names, iterations, per_epoch)
        sides.append(replace(side, device=found.type).in_training(training, per_epoch))
    ours, theirs = sides
    with reproducible(found), ours.leaving_no_trace():
        return _compare(ours, theirs, iterations, constant)


def _compare(ours, theirs, iterations, constant):
    """Compare a rule with its reference; return the report."""
    only_matrices = _takes_only_matrices(theirs)
    _try_out_reference(theirs, only_matrices)
    ours, repeats = _try_out(ours, only_matrices)
    trace = _train(ours, theirs, iterations, only_matrices)
    table = parity({"check": trace}, {"check": REFERENCE}, len(SEEDS))
    _finite_throughout(theirs.name, trace, iterations)
    outcomes = []
    if overall(table["verdict"]) == DIFFERENT:
        verdict, hints = DIFFERENT, find_hints(ours, theirs, table=table)
        if not hints:  # ordinary gradients do not show the difference
            outcomes, hints = trials_and_hints(ours, theirs)
    elif not repeats:
        verdict = DIFFERENT
        hints = [
            "the first run is right, but a second one in the same process does not repeat it: "
            "something is kept outside `state`, such as a global variable, or is drawn at random"
        ]
    else:
        outcomes, hints = trials_and_hints(ours, theirs)
        verdicts = [outcome.verdict for outcome in outcomes if outcome.verdict]
        verdict = overall([*table["verdict"], *verdicts])
    inside = torch_inside(ours)
    if verdict == DIFFERENT and inside.is_new_each_time:
        hints = [
            f"the rule makes a new {inside.name} in every call, which remembers nothing of the "
            "calls before; keep one in `state`"
        ]
    steps, begins = _first_steps(ours, theirs, table, outcomes, only_matrices)
    where = "" if theirs.device == "cpu" else f", on {theirs.device}"
    return Report(
        title=f"{ours.name} against {theirs.name}: {iterations} iterations, {len(SEEDS)} seeds, "
        f"each twice{where}",
        against=theirs.name,
        verdict=verdict,
        passed=verdict != DIFFERENT and (constant or verdict != CONSTANT),
        table=table,
        trials=trials.table(outcomes),
        hints=hints,
        remarks=[
            *remarks.of_form(ours),
            *remarks.of_regime(ours, theirs),
            *remarks.of_options(ours, theirs),
            *remarks.of_torch(inside),
            *remarks.of_training(trace, iterations),
            *(remarks.of_gradients(ours) if outcomes else []),
        ],
        not_checked=not_exercised(ours, theirs, outcomes) if verdict != DIFFERENT else [],
        first_steps=steps,
        begins=begins,
        trace=trace,
    )


def _first_steps(ours, theirs, table, outcomes, only_matrices):
    """Take the first wrong steps again: those of training, or else of a trial."""
    different = table[table["verdict"] == DIFFERENT]
    if len(different):
        row = different.iloc[-1]  # float64 rather than float32
        source = Training.of(small_problem(), REFERENCE, SEEDS, TRAINING, theirs.device)
        makers = [partial(side.bind, only_matrices=only_matrices) for side in (ours, theirs)]
        begins, dtype = int(row["different_iteration"]), row["dtype"]
        changes = [{}] * (begins + ITERATIONS)
    else:
        worst = trials.worst(outcomes) if outcomes else None
        if worst is None or worst.verdict not in (DIFFERENT, CONSTANT):
            return pd.DataFrame(columns=COLUMNS), ""
        again = worst.arguments
        source, makers = again.source(), [side.make for side in (again.ours, again.theirs)]
        changes, begins, dtype = again.changes, worst.place["iteration"], worst.place["dtype"]
    steps = first_steps(source, *makers, changes, begins, dtype)
    return steps, describe(steps, begins)


def trials_and_hints(ours, theirs):
    """Try an update rule under all that is not training, until it differs.

    Parameters
    ----------
    ours, theirs : descent.parity.contender.Contender

    Returns
    -------
    outcomes : list of descent.parity.trials.Outcome
    hints : list of str
        What a difference looks like.
    """
    outcomes = []
    for outcome in trials.try_everything(ours, theirs):
        outcomes.append(outcome)
        if outcome.verdict == DIFFERENT:
            break
    verdicts = [outcome.verdict for outcome in outcomes if outcome.verdict]
    if overall(verdicts) in (DIFFERENT, CONSTANT):
        return outcomes, find_hints(ours, theirs, outcomes=outcomes)
    return outcomes, []


def tried(variants, reference, device="cpu"):
    """Run the trials of a comparison's variants.

    Parameters
    ----------
    variants : dict
        Maps each variant to its settings in the configuration.
    reference : str
        The variant that the others are compared with.
    device : str
        See `check`.

    Returns
    -------
    dict
        Maps each other variant to a dict with `trials`, the rows of `descent.parity.trials.table`,
        `hints` and `not_checked`; ready for JSON.
    """
    on = resolve(device)
    sides = {
        variant: replace(Contender.load(*split_settings(settings)), device=on.type)
        for variant, settings in variants.items()
    }
    theirs = sides.pop(reference)
    found = {}
    for variant, ours in sides.items():
        with reproducible(on):
            outcomes, hints = trials_and_hints(ours, theirs)
        rows = json.loads(trials.table(outcomes).to_json(orient="records"))
        not_checked = not_exercised(ours, theirs, outcomes)
        found[variant] = {"trials": rows, "hints": hints, "not_checked": not_checked}
    return found


def _train(ours, theirs, iterations, only_matrices):
    makers = {
        name: partial(side.bind, only_matrices=only_matrices)
        for name, side in ((REFERENCE, theirs), (RULE, ours))
    }
    return replay(
        small_problem(),
        makers,
        REFERENCE,
        SEEDS,
        training=replace(TRAINING, device=theirs.device),
        iterations=iterations,
        closed_loop=False,
    )


def small_problem(n_images=150, n_pixels=64, n_classes=4):
    """Make noisy images of a few classes, each twice, the second time with a label at random.

    So no network classifies all of them, and the gradients do not vanish.

    Returns
    -------
    descent.data.prepared.PreparedData
        The same on every call.
    """
    random = torch.Generator().manual_seed(0)
    prototypes = torch.randn(n_classes, n_pixels, generator=random)
    labels = torch.randint(0, n_classes, (n_images,), generator=random)
    images = prototypes[labels] + torch.randn(n_images, n_pixels, generator=random)
    images = (40 * images + 128).clamp(0, 255).to(torch.uint8)
    others = torch.randint(0, n_classes, (n_images,), generator=random)
    images, labels = torch.cat([images, images]), torch.cat([labels, others])
    return PreparedData(images, labels, images, labels, (0.5, 0.157), n_classes)


def _load_reference(name, settings):
    try:
        return Contender.load(name, settings)
    except Exception as error:  # any package's class, or a user's file, may raise anything
        raise UnusableReferenceError(_in_a_line(name, error)) from None


def _takes_only_matrices(side):
    """Tell whether an optimizer refuses vectors, as torch's Muon does; None if it refuses all."""
    if not refused(side, NETWORK):
        return False
    return None if refused(side, MATRICES) else True


def _try_out_reference(theirs, only_matrices):
    """Take a few steps with the reference."""
    try:
        _take_steps(theirs, only_matrices)
        trace = _train(theirs, theirs, 1, only_matrices)
    except Exception as error:  # see `_load_reference`
        raise UnusableReferenceError(_in_a_line(theirs.name, error)) from None
    _finite_throughout(theirs.name, trace, 1)


def _in_a_line(name, error):
    """Describe an exception; that of a user's file names the file already."""
    message = " ".join(str(error).split())
    if isinstance(error, RuleError):
        return f"the reference fails: {message}"
    kind = "" if isinstance(error, ValueError) and message else f"{type(error).__name__}: "
    return f"{name}: {kind}{message}".removesuffix(": ")


def _parameters(device):
    sizes = model.layer_sizes(2, TRAINING.hidden, 2)
    parameters = model.initialize(sizes, [torch.Generator().manual_seed(0)], device)
    return [parameter.detach() for parameter in parameters]


def _try_out(ours, only_matrices):
    """Take a few steps with the rule.

    Returns
    -------
    Contender
        The rule, loaded anew for every network, or with global variables of its own, if it needs
        that.
    bool
        Whether it keeps nothing outside its state.
    """
    try:
        try:
            with ours.leaving_no_trace():
                repeats = _keeps_nothing_outside_its_state(ours, only_matrices)
                _take_steps(ours, only_matrices)
        except RuleError:  # it may keep something of other networks, which have other shapes
            if not (ours.loads_anew or ours.is_users_function):
                raise
            repeats = False
        if repeats:
            ours = replace(ours, own_globals=ours.may_keep_globals)
        else:
            ours = ours.apart()
            _take_steps(ours, only_matrices)
    except RuleError:
        raise
    except Exception as error:  # of an included rule, or torch's: its hyperparameters are wrong
        raise UsageError(_in_a_line(ours.name, error)) from None
    return ours, repeats


def _take_steps(side, only_matrices):
    bound = partial(side.bind, only_matrices=only_matrices)
    if side.is_users and side.values.get("lr") != 0:
        bare = partial(replace(side, training={}).bind, only_matrices=only_matrices)
        with side.blame():
            try_out(bare, _parameters(side.device))
    step = bound(_parameters(side.device))
    for _ in range(3):
        step([torch.ones_like(parameter) for parameter in _parameters(side.device)])


def _finite_throughout(against, trace, iterations):
    """Check that the reference did not end the replay early."""
    reached = 0 if trace.empty else trace["iteration"].max()
    if reached < iterations:
        after = f"after {reached} iterations" if reached else "at once"
        raise UnusableReferenceError(
            f"{against}: its parameters are no longer finite {after}; choose a smaller lr, or "
            "another eps if that is 0"
        )


def _keeps_nothing_outside_its_state(ours, only_matrices):
    """Tell whether a second run in the same process is like the first.

    What the first one leaves outside its state, as in a global variable, affects the second.
    """
    random = torch.Generator().manual_seed(0)
    gradients = [
        [
            torch.randn(p.shape, generator=random, dtype=p.dtype).to(p.device)
            for p in _parameters(ours.device)
        ]
        for _ in range(5)
    ]
    ends = []
    for _ in range(2):
        network = _parameters(ours.device)
        step = ours.bind(network, only_matrices)
        for gradient in gradients:
            step([tensor.clone() for tensor in gradient])
        ends.append(network)
    return all(map(torch.equal, *ends))
