"""What a JSON schema cannot express: whether the parts of a configuration fit together."""

import itertools
import math

from descent.errors import MissingPackageError, SignatureError, SweepError, missing_packages
from descent.experiment.halving import rungs
from descent.experiment.networks import check_model
from descent.experiment.plan import marked_references, replayed, variants
from descent.experiment.sweeps import axis, compared, sweep_of, sweeps, swept
from descent.optimizers.groups import deal, names_of, own_hyperparameters
from descent.optimizers.schedules import check_rates, check_scheduler, units
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
    try:
        check_model(config["model"])
    except SignatureError as error:
        return [*problems, f"model.{error}"]
    names = _parameter_names(config["model"])
    dataset = config["dataset"]
    if dataset.get("folder") is not None and dataset["name"] != "idx":
        problems.append(
            f"dataset.folder: is only for the data set idx, but dataset.name is {dataset['name']}; "
            f"write dataset: {{name: idx, folder: {dataset['folder']}}}, or folder: null"
        )
    owners, missing = {}, {}
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
                _check_settings(settings, names)
                _check_schedule(settings, "epoch", config["training"]["epochs"])
            except MissingPackageError as error:
                missing.setdefault(error.package, (f"{path}.{error}", error.distribution))
            except SignatureError as error:
                problems.append(f"{path}.{error}")
    if len(missing) > 1:  # one command installs all of them
        distributions = {package: name for package, (_, name) in missing.items()}
        problems.append(f"comparisons: {missing_packages(distributions)}")
    else:
        problems += [said for said, _ in missing.values()]
    return (
        problems
        or _find_wrong_sweeps(config)
        or _find_wrong_halving(config)
        or _find_wrong_schedule(config)
    )


def _parameter_names(model):
    """Name the parameters of a network; None for a module, which only its code can tell."""
    return None if "module" in model else names_of(len(model["hidden"]) + 1)


def _check_settings(settings, names):
    """Check a variant's settings, for a network whose parameters have these names, if known.

    Raises
    ------
    SignatureError
    """
    optimizer, hyperparameters = split_settings(settings)
    check_hyperparameters(optimizer, hyperparameters.keys())
    groups = settings.get("groups", [])
    if names:
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


def _check_schedule(settings, unit, length):
    """Check the schedule of a variant, if it has one.

    Its rates are checked if it counts in one unit only, of which training takes `length`: how many
    iterations an epoch has is not known before the data are prepared.

    Raises
    ------
    SignatureError
    """
    if "lr_scheduler" not in settings:
        return
    if "lr" not in settings:
        raise SignatureError("lr_scheduler: needs an lr beside it, which it changes")
    check_scheduler(settings["lr_scheduler"])
    if units(settings["lr_scheduler"]) == {unit}:
        of_groups = [group["lr"] for group in settings.get("groups", []) if "lr" in group]
        lr = settings["lr"] if isinstance(settings["lr"], list) else [settings["lr"]]
        check_rates(max(lr + of_groups), settings["lr_scheduler"], length, unit=unit)


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
    """Find what is wrong with the schedule that only the replay has."""
    if not config["parity"]["lr_scheduler"]:
        return []
    as_trained = variants(config)
    try:
        for members in replayed(config).values():
            for variant, settings in members.items():
                if "lr_scheduler" not in as_trained[variant]:
                    _check_schedule(settings, "iteration", config["parity"]["iterations"])
    except SignatureError as error:
        return [f"parity.{error} (for {variant})"]
    return []


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
