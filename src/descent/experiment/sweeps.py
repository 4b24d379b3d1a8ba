"""Sweeps: hyperparameters with a list of values, and one variant for every combination of them.

A variant `sgd` with two learning rates has the combinations `sgd_lr_0.01` and `sgd_lr_0.1`; the
best of them is retrained as `sgd_selected`. The Snakefile imports this module, so it must stay
light.
"""

import itertools
import json

from descent.errors import SweepError
from descent.optimizers.signatures import list_hyperparameters
from descent.optimizers.spec import split_settings

_SELECTED = "_selected"
_MAX_NAME = 200  # characters: names are part of file names


def swept(settings):
    """List the hyperparameters of a variant that are swept.

    Their value is a list. A hyperparameter whose default is itself a tuple or list, such as Adam's
    betas, is swept by a list of lists.
    """
    optimizer, hyperparameters = split_settings(settings)
    lists = [key for key, value in hyperparameters.items() if isinstance(value, list)]
    by_nature = list_hyperparameters(optimizer) if lists else set()
    return [
        key
        for key in lists
        if key not in by_nature or all(isinstance(value, list) for value in settings[key])
    ]


def sweeps(config):
    """Lay out the combinations of every sweep.

    Parameters
    ----------
    config : dict
        Resolved configuration.

    Returns
    -------
    dict
        Maps the variant that is selected from each sweep, such as `sgd_selected`, to a dict that
        maps the names of its combinations to their settings, without `reference`.

    Raises
    ------
    SweepError
        If a value is repeated or a name becomes too long.
    """
    found = {}
    for comparison, members in config["comparisons"].items():
        for variant, settings in members.items():
            if names := swept(settings):
                try:
                    found[variant + _SELECTED] = _combinations(variant, settings, names)
                except SweepError as error:
                    raise SweepError(f"comparisons.{comparison}.{variant}.{error}") from None
    return found


def _combinations(variant, settings, names):
    combinations = {}
    fixed = {key: value for key, value in settings.items() if key != "reference"}
    for values in itertools.product(*(settings[name] for name in names)):
        chosen = dict(zip(names, values, strict=True))
        name = "_".join([variant, *(f"{key}_{_text(value)}" for key, value in chosen.items())])
        if name in combinations:
            raise SweepError(f"{names[0]}: {name} appears twice; list every value once")
        if len(name) > _MAX_NAME:
            raise SweepError(f"{names[0]}: the name {name[:40]}... is too long for a file name")
        combinations[name] = dict(sorted({**fixed, **chosen}.items()))
    return combinations


def _text(value):
    """Write a value with characters that are safe in a file name."""
    if isinstance(value, list):
        return "-".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value)


def compared(config):
    """Map each comparison to the variants that it compares and their settings.

    A swept variant is represented by the selected one, in which each swept hyperparameter is a text
    that lists its values.
    """
    return {
        comparison: dict(_compared(variant, settings) for variant, settings in members.items())
        for comparison, members in config["comparisons"].items()
    }


def _compared(variant, settings):
    names = swept(settings)
    texts = {name: f"selected from {', '.join(map(str, settings[name]))}" for name in names}
    return variant + _SELECTED * bool(names), settings | texts


def axis(comparison):
    """Choose a hyperparameter that all sweeps of a comparison share, preferably lr.

    Parameters
    ----------
    comparison : dict
        Maps variants to their settings, as configured.

    Returns
    -------
    str or None
        None if nothing is swept.

    Raises
    ------
    SweepError
        If the sweeps have no hyperparameter in common.
    """
    names = [names for names in map(swept, comparison.values()) if names]
    if not names:
        return None
    common = sorted(set.intersection(*map(set, names)))
    if not common:
        raise SweepError("its sweeps need a hyperparameter in common, the axis of their figure")
    return "lr" if "lr" in common else common[0]


def sweep_of(selected):
    """Name the configured variant that a selected one comes from."""
    return selected.removesuffix(_SELECTED)


def describe(combination, sweep):
    """Say what distinguishes a combination from the others in its sweep, such as `lr = 0.1`.

    Parameters
    ----------
    combination : dict
        Settings of the combination.
    sweep : list of dict
        Settings of all combinations.
    """
    return ", ".join(
        f"{key} = {value}"
        for key, value in combination.items()
        if any(other[key] != value for other in sweep)
    )
