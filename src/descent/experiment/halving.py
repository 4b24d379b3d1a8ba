"""Successive halving: sweeps that spend few epochs on combinations that perform badly.

The rungs follow Jamieson and Talwalkar, Non-stochastic best arm identification and hyperparameter
optimization (AISTATS 2016). A sweep without halving has a single rung. The Snakefile imports this
module, so it must stay light.
"""

from dataclasses import dataclass

from descent.experiment.sweeps import sweep_of, sweeps


@dataclass(frozen=True)
class Rung:
    """Variants that are trained for the same number of epochs, and those the best become next.

    Only when a rung is complete is it known which combinations the variants of the next one are.

    Attributes
    ----------
    sweep : str
        Its key in `descent.experiment.sweeps.sweeps`.
    number : int
        1 for the first rung.
    epochs : int
    variants : list of str
        Names of all combinations in the first rung, and of places for the best in later ones.
    followers : list of str
        The variants of the next rung; after the last rung, the selected variant.
    """

    sweep: str
    number: int
    epochs: int
    variants: list
    followers: list


def rungs(config):
    """Lay out the rungs of all sweeps.

    Parameters
    ----------
    config : dict
        Resolved configuration.

    Returns
    -------
    dict
        Maps keys such as `sgd_rung_1` to each `Rung`, in order; the last rung of a sweep has the
        key of the sweep, such as `sgd_selected`.
    """
    found = {}
    halving = config["sweeps"]["halving"]
    for sweep, combinations in sweeps(config).items():
        name, variants = sweep_of(sweep), list(combinations)
        sizes = list(_sizes(len(variants), config["training"]["epochs"], halving))
        for number, (_, epochs) in enumerate(sizes, start=1):
            last = number == len(sizes)
            key = sweep if last else f"{name}_rung_{number}"
            places = [] if last else range(1, sizes[number][0] + 1)
            followers = [f"{name}_rung_{number + 1}_{place}" for place in places] or [sweep]
            found[key] = Rung(sweep, number, epochs, variants, followers)
            variants = followers
    return found


def budgets(config):
    """Count what tuning each variant costs: the runs of its sweep, which are not compared.

    Parameters
    ----------
    config : dict
        Resolved configuration.

    Returns
    -------
    dict
        Maps each variant that is selected from a sweep to the number of `combinations`, of `runs`
        and, over all runs, of `epochs`.
    """
    n_seeds = len(config["sweeps"]["seeds"])
    found = {
        variant: {"combinations": len(combinations), "runs": 0, "epochs": 0}
        for variant, combinations in sweeps(config).items()
    }
    for rung in rungs(config).values():
        runs = n_seeds * len(rung.variants)
        found[rung.sweep]["runs"] += runs
        found[rung.sweep]["epochs"] += runs * rung.epochs
    return found


def _sizes(n_variants, epochs, halving):
    """Yield how many variants each rung trains, and for how many epochs; the last trains in full.

    Each rung is at least `factor` times as long as the one before, so that a variant's runs in all
    rungs but the last take less than 1 / (factor - 1) of the epochs of the last.
    """
    if halving:
        short, factor = halving["epochs"], halving["factor"]
        while factor * short <= epochs and n_variants > 1:
            yield n_variants, short
            n_variants, short = -(-n_variants // factor), factor * short
    yield n_variants, epochs
