"""`descent check`: compares an update rule with a reference, in seconds and without data."""

from dataclasses import dataclass
from functools import partial

import pandas as pd
import torch

from descent import model
from descent.data.prepared import PreparedData
from descent.errors import UnusableReferenceError
from descent.optimizers.signatures import check_hyperparameters
from descent.optimizers.step import make_step
from descent.parity.diagnosis import (
    REFERENCE,
    TRAINING,
    find_hints,
    judge,
    keeps_nothing_outside_its_state,
    observe,
)
from descent.parity.replay import halved
from descent.parity.verdict import DIFFERENT, overall, parity

SEEDS = [0, 1, 2]

#: Iterations for checking whether a halved learning rate reveals a difference.
HALVED_ITERATIONS = 100


@dataclass(frozen=True)
class Report:
    """The result of a check.

    Attributes
    ----------
    title : str
        Which rule was compared with which reference, and how.
    against : str
        The reference.
    verdict : str
        See `descent.parity.verdict`; the worst over dtypes.
    table : pandas.DataFrame
        A row for each dtype, as `descent.parity.verdict.parity` returns it.
    hints : list of str
        What the difference looks like, or other remarks.
    trace : pandas.DataFrame
        The differences at every iteration, as `descent.parity.replay.replay` returns them.
    """

    title: str
    against: str
    verdict: str
    table: pd.DataFrame
    hints: list
    trace: pd.DataFrame

    @property
    def passed(self):
        """Whether the rule is the same as the reference's."""
        return self.verdict != DIFFERENT

    def __str__(self):
        lines = [self.title, f"verdict: {self.verdict}"]
        lines += [f"  {_describe(row)}" for row in self.table.itertuples()]
        return "\n".join([*lines, *(f"hint: {hint}" for hint in self.hints)])


def _describe(row):
    text = f"{row.dtype}: {row.verdict}"
    if row.share_of_bound > 0:
        text += f", largest difference {row.share_of_bound:.2g} x the rounding bound"
    if row.verdict == DIFFERENT:
        text += (
            f"; begins at iteration {row.different_iteration}, tensor {row.different_tensor}, "
            f"seed {row.different_seed}, run {row.different_run}"
        )
    return text


def check(rule, against, settings, reference_settings=None, iterations=500):
    """Compare an update rule with a reference on a small generated problem.

    Parameters
    ----------
    rule, against : str
        Optimizers, see `descent.optimizers.step.make_step`.
    settings : dict
        Hyperparameters of the rule, and of the reference unless it has its own.
    reference_settings : dict, optional
    iterations : int

    Returns
    -------
    Report

    Raises
    ------
    descent.errors.RuleError
        If the rule is wrong in a way that shows without a reference, or raises an exception.
    descent.errors.UnusableReferenceError
        If the reference rejects its hyperparameters or diverges.
    """
    settings = dict(settings)
    reference_settings = settings if reference_settings is None else dict(reference_settings)
    check_hyperparameters(rule, settings.keys())
    check_hyperparameters(against, reference_settings.keys())
    ours = partial(make_step, rule, hyperparameters=settings)
    theirs = partial(make_step, against, hyperparameters=reference_settings)
    data = small_problem()
    _try_reference(against, theirs)
    trace = observe(data, theirs, {rule: ours}, SEEDS, iterations)
    table = parity({"check": trace}, {"check": REFERENCE}, len(SEEDS))
    if table["iterations"].min() < iterations:
        raise UnusableReferenceError(
            f"{against}: diverges after {table['iterations'].min()} iterations; choose a smaller lr"
        )
    verdict = overall(table["verdict"])
    hints = []
    if verdict == DIFFERENT:
        hints = find_hints(data, ours, theirs, table, reference_settings)
    elif not keeps_nothing_outside_its_state(rule, settings):
        verdict = DIFFERENT
        hints = [
            "the first run is right, but a second one in the same process does not repeat it: "
            "something is kept outside `state`, such as a global variable, or is drawn at random"
        ]
    elif _differs_when_lr_is_halved(data, ours, theirs, settings, reference_settings):
        hints = [
            "equal only while the learning rate is constant, but a different rule once it changes; "
            "is the learning rate part of the velocity, u <- mu u + lr g, or does a class keep it "
            "outside its param_groups?"
        ]
    title = f"{rule} against {against}: {iterations} iterations, {len(SEEDS)} seeds, 2 runs"
    return Report(title, against, verdict, table, hints, trace)


def small_problem(n_images=300, n_pixels=64, n_classes=4):
    """Make noisy images of a few classes.

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
    return PreparedData(images, labels, images, labels, (0.5, 0.157), n_classes)


def _try_reference(name, maker):
    sizes = model.layer_sizes(2, TRAINING.hidden, 2)
    parameters = model.initialize(sizes, [torch.Generator().manual_seed(0)])
    try:
        step = maker([parameter.detach() for parameter in parameters])
        step([torch.ones_like(parameter) for parameter in parameters])
    except (TypeError, ValueError, RuntimeError) as error:
        raise UnusableReferenceError(f"{name}: {error}") from None


def _differs_when_lr_is_halved(data, ours, theirs, settings, reference_settings):
    lr = reference_settings.get("lr")
    if lr is None or settings.get("lr") != lr:
        return False
    schedule = halved(lr, HALVED_ITERATIONS)
    table = judge(data, theirs, {"rule": ours}, SEEDS[:1], HALVED_ITERATIONS, schedule)
    return overall(table["verdict"]) == DIFFERENT
