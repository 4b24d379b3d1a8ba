"""What a figure shows and what was run, in words."""

from pathlib import Path

from descent.metrics import METRICS
from descent.optimizers.groups import own_hyperparameters
from descent.optimizers.schedules import links, options, parts
from descent.optimizers.spec import split_settings

NOTE = "note"  #: In SVG, the id of the small print below a figure.
_ROUNDING = 1e-12  # of differences of means; that of a single test image is larger by far


def count(number, noun):
    """Write a count with its noun: `1 seed`, `5 seeds`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def minus(text):
    """Write a formatted number with true minus signs."""
    return text.replace("-", "\N{MINUS SIGN}")


def difference(value, metric):
    """Write a difference of two values of a metric, with its sign; `0` only if it is 0.

    Parameters
    ----------
    value : float
        As recorded: of accuracies, in [-1, 1].
    metric : str
        Column of `descent.metrics.METRICS`; its `difference_unit` is that of the text.
    """
    if abs(value) < _ROUNDING:
        return "0"
    scale, decimals = METRICS[metric].scale, METRICS[metric].decimals
    return minus(f"{scale * value:+z.{decimals}f}")


def margin(value, metric):
    """Write a margin of a metric, as configured."""
    return f"{METRICS[metric].scale * value:g}"


def level(value):
    """Write the level of an interval in percent: `98.75 %`."""
    return f"{100 * value:.4g} %"


def budget(variant, spent):
    """Say what tuning a variant took.

    Parameters
    ----------
    variant : str
    spent : dict or None
        A value of `descent.experiment.halving.budgets`; None if the variant was not tuned.
    """
    if spent is None:
        return f"{variant} was not tuned."
    return (
        f"{variant} was tuned with {count(spent['combinations'], 'combination')}, "
        f"{count(spent['runs'], 'run')} and {spent['epochs']:,} epochs in all."
    )


def smoothing(window, length):
    """Describe how a curve of that many values was smoothed; a window of 1 means not at all."""
    window = min(window, length)
    return "unsmoothed" if window <= 1 else f"moving average over {window} iterations"


def band(kind, confidence_level, n_seeds):
    """Describe a line and the band around it.

    Parameters
    ----------
    kind : str
        A value of `curves.band` in the configuration.
    confidence_level : float
        In (0, 1).
    n_seeds : int
    """
    if n_seeds == 1:
        return "1 seed, hence no band"
    level = f"{100 * confidence_level:g} %"
    words = {
        "t": f"{level} t band (pointwise)",
        "bootstrap": f"{level} bootstrap band (pointwise)",
        "simultaneous": f"{level} band (simultaneous)",
        "sd": "band: mean ∓ 1 sd",
        "minmax": "band: minimum to maximum",
    }.get(kind, f"{kind} band")
    return f"mean of {n_seeds} seeds, {words}"


def settings(variant):
    """Name a variant's optimizer and hyperparameters, its schedule, clipping and groups."""
    optimizer, hyperparameters = split_settings(variant)
    texts = [optimizer, *_values(hyperparameters)]
    if scheduler := variant.get("lr_scheduler"):
        texts.append(f"learning rate by {schedule(scheduler)}")
    for kind, limit in variant.get("gradient_clipping", {}).items():
        texts.append(f"gradients clipped at {kind} {limit}")
    for group in variant.get("groups", []):
        own = " and ".join(_values(own_hyperparameters(group)))
        texts.append(f"{' and '.join(group['parameters'])} with {own}")
    return ", ".join(texts)


def schedule(scheduler):
    """Describe a schedule.

    Parameters
    ----------
    scheduler : dict or list of dict
        See `descent.optimizers.schedules.rate`.
    """
    return ", then ".join(map(_part, parts(scheduler)))


def _part(part):
    lasts = [
        f" for {count(part[unit], unit.removesuffix('s'))}"
        for unit in ("epochs", "iterations")
        if unit in part
    ]
    return " and ".join(map(_scheduler, links(part))) + "".join(lasts)


def _scheduler(link):
    values = [*_values(options(link)), f"per {link.get('per', 'epoch')}"]
    return f"{link['name']} ({', '.join(values)})"


def _values(mapping):
    return [f"{key} = {value}" for key, value in mapping.items()]


def dataset(config):
    """Name the data; a user's own have the name of their folder."""
    name, folder = config["dataset"]["name"], config["dataset"].get("folder", "")
    return (Path(folder).name if name == "idx" else "") or name


def _network(model):
    if "module" in model:
        given = _values({key: value for key, value in model.items() if key != "module"})
        return f"the network {model['module']}" + (f" ({', '.join(given)})" if given else "")
    return f"hidden layers of {' and '.join(map(str, model['hidden']))} units"


def experiment(config, seeds=None):
    """Describe in one line what was run, with `seeds` or with those of the configuration."""
    training = config["training"]
    return (
        f"{count(training['epochs'], 'epoch')} on {dataset(config)} in mini-batches of "
        f"{training['batch_size']} images, {_network(config['model'])}, "
        f"{count(len(seeds or config['seeds']), 'seed')} per variant"
    )


def curve(mean, metric):
    """Describe where a mean curve begins and ends.

    Parameters
    ----------
    mean : pandas.Series
        Indexed by iteration or epoch, of which its index has the name; accuracies in [0, 1].
    metric : str
        Column of `descent.metrics.METRICS`.
    """
    finite = mean.dropna()
    if finite.empty:
        return "has no finite value"
    scale = METRICS[metric].scale
    unit = " %" if METRICS[metric].unit == "%" else ""
    first, last = (f"{scale * value:.3g}{unit}" for value in finite.iloc[[0, -1]])
    return f"goes from {first} to {last} at {finite.index.name} {finite.index[-1]}"
