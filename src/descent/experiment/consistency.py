"""What a JSON schema cannot express: whether the parts of a configuration fit together."""

import itertools
import math

from descent.errors import SignatureError, SweepError
from descent.experiment.halving import rungs
from descent.experiment.plan import marked_references, references, variants
from descent.experiment.sweeps import axis, compared, sweep_of, sweeps, swept
from descent.optimizers.groups import deal, names_of, own_hyperparameters
from descent.optimizers.schedules import check_scheduler
from descent.optimizers.signatures import check_hyperparameters
from descent.optimizers.spec import split_settings


def find_inconsistencies(config):
    """Find the problems that a schema cannot express.

    Returns
    -------
    list of str
        One line per problem, which starts with the key.
    """
    problems = [f"{path}: {value} must be finite" for path, value in _non_finite(config)]
    dataset = config["dataset"]
    if dataset.get("folder") is not None and dataset["name"] != "idx":
        problems.append(
            f"dataset.folder: is only for the data set idx, but dataset.name is {dataset['name']}; "
            f"write dataset: {{name: idx, folder: {dataset['folder']}}}, or folder: null"
        )
    owners = {}
    for comparison, members in config["comparisons"].items():
        marked = marked_references(members)
        if len(marked) > 1:
            problems.append(
                f"comparisons.{comparison}: {', '.join(marked)} are all marked as reference; "
                "a comparison can have only one"
            )
        for name, settings in members.items():
            path = f"comparisons.{comparison}.{name}"
            if name in owners:
                problems.append(
                    f"{path}: {name} is also a variant of {owners[name]}; "
                    "a variant belongs to one comparison"
                )
            owners.setdefault(name, comparison)
            try:
                _check_settings(settings, names_of(len(config["model"]["hidden"]) + 1))
            except SignatureError as error:
                problems.append(f"{path}.{error}")
    return (
        problems
        or _find_wrong_sweeps(config)
        or _find_wrong_halving(config)
        or _find_wrong_schedule(config)
    )


def _check_settings(settings, names):
    """Check a variant's settings, for a network whose parameters have these names.

    Raises
    ------
    SignatureError
    """
    optimizer, hyperparameters = split_settings(settings)
    check_hyperparameters(optimizer, hyperparameters.keys())
    if "lr_scheduler" in settings:
        if "lr" not in hyperparameters:
            raise SignatureError("lr_scheduler: needs an lr beside it, which it changes")
        check_scheduler(settings["lr_scheduler"])
    groups = settings.get("groups", [])
    deal(names, groups)
    for index, own in enumerate(map(own_hyperparameters, groups)):
        if not own:
            raise SignatureError(f"groups.{index}: name a hyperparameter, such as weight_decay: 0")
        try:
            check_hyperparameters(optimizer, hyperparameters.keys() | own.keys())
        except SignatureError as error:
            raise SignatureError(f"groups.{index}.{error}") from None
        for name in swept({"optimizer": optimizer, **own}):
            raise SignatureError(f"groups.{index}.{name}: a group takes no sweep; give one value")


def _find_wrong_sweeps(config):
    """Find what is wrong with the sweeps of an otherwise valid configuration."""
    problems = []
    for comparison, members in config["comparisons"].items():
        try:
            axis(members)
        except SweepError as error:
            problems.append(f"comparisons.{comparison}: {error}")
        if config["training"]["validation_fraction"] == 0:
            problems += [
                f"comparisons.{comparison}.{variant}.{name}: a list is a sweep, and its best value "
                "is selected on validation images, never on the test images: set "
                "training.validation_fraction, for example to 0.1"
                for variant, settings in members.items()
                for name in swept(settings)
            ]
    try:
        laid_out = sweeps(config)
    except SweepError as error:
        return [*problems, str(error)]
    if laid_out and (both := set(config["seeds"]) & set(config["sweeps"]["seeds"])):
        problems.append(
            f"sweeps.seeds: {min(both)} is also in seeds; selected variants need fresh seeds"
        )
    names = list(itertools.chain(*compared(config).values(), *laid_out.values()))
    repeated = sorted({name for name in names if names.count(name) > 1})
    return problems + [
        f"comparisons: {name} is the name of two variants, one of them from a sweep"
        for name in repeated
    ]


def _find_wrong_halving(config):
    """Find what is wrong with the halving of an otherwise valid configuration."""
    halving, epochs = config["sweeps"]["halving"], config["training"]["epochs"]
    if halving and halving["factor"] * halving["epochs"] > epochs:
        return [
            f"sweeps.halving.epochs: {halving['epochs']} is too many, a second rung would need "
            f"{halving['factor']} times as many: training.epochs is {epochs}"
        ]
    taken = {*itertools.chain(*compared(config).values(), *sweeps(config).values())}
    return [
        f"comparisons: {name} is also the name of a place in a rung of {sweep_of(rung.sweep)}"
        for rung in rungs(config).values()
        for name in rung.followers
        if name in taken and name != rung.sweep
    ]


def _find_wrong_schedule(config):
    if config["parity"]["lr_schedule"] != "halved":
        return []
    settings, comparisons = variants(config), references(config)
    problems = [
        f"parity.lr_schedule: halved needs an lr for {reference}, the reference of {comparison}"
        for comparison, (reference, _) in comparisons.items()
        if "lr" not in settings[reference]
    ]
    return problems + [
        f"parity.lr_schedule: halved would replace the lr_scheduler of {variant}; use constant"
        for reference, others in comparisons.values()
        for variant in (reference, *others)
        if "lr_scheduler" in settings[variant]
    ]


def _non_finite(value, path=""):
    if isinstance(value, dict):
        items = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        wrong = isinstance(value, float) and not math.isfinite(value)
        return [(path, value)] if wrong else []
    return list(
        itertools.chain.from_iterable(
            _non_finite(item, f"{path}.{key}" if path else key) for key, item in items
        )
    )
