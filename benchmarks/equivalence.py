"""Measure how often verdicts on equivalence are wrong, on differences that are known.

Also measures how far apart the same optimizer is from itself on the digits, with other seeds.
Writes equivalence.json and equivalence.md next to this script.
"""

import sys
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from tabulate import tabulate
from tqdm import tqdm

from descent.analysis.decision import DETECTABLE, DIFFERENT, EQUIVALENT, INCONCLUSIVE, UNCLEAR
from descent.analysis.equivalence import compare, equivalence
from descent.analysis.pairs import all_pairs
from descent.data.prepared import load_prepared
from descent.provenance import provenance
from descent.training.loop import train
from descent.training.settings import TrainingSettings
from engines import prepared_file
from publish import publish

CONFIG = Path(__file__).parents[1] / "config" / "config.yaml"
DIGITS = CONFIG.with_name("digits.yaml")
REPETITIONS = 1000
MARGIN = 0.005
TEST_IMAGES = 360  # of the digits: their accuracies are multiples of 1 / 360
OPEN = {INCONCLUSIVE, UNCLEAR}

#: Families of comparisons: (true difference, standard deviation of a run), in margins. `mixed` is
#: the worst case for adjusting too little: two clear differences leave the family early, and two
#: others lie where verdicts go wrong.
FAMILIES = {
    "no difference": [(0, 0.5)] * 4,
    "differences of one margin": [(1, 0.5)] * 4,
    "mixed": [(8, 0.5), (0.5, 0.01), (1, 0.5), (0, 0.05)],
    "a single comparison, no difference": [(0, 0.5)],
    "a single comparison, one margin": [(1, 0.5)],
    "a single comparison, no difference, wide": [(0, 50)],
}
SEEDS = [3, 10]


def simulate(random, effects, n, design, images=None):
    """Simulate final accuracies of pairs of variants.

    Parameters
    ----------
    random : numpy.random.Generator
    effects : list of (float, float)
        A value of `FAMILIES`: one comparison each.
    n : int
        Seeds per variant.
    design : str
        `independent` or `paired`; paired seeds share a part four margins wide.
    images : int or None
        Test images, of whose reciprocal accuracies are a multiple; None for no rounding.

    Returns
    -------
    pandas.DataFrame
        As from `descent.analysis.final.final_rows`: variants `ours_0`, `theirs_0`, ...
    """
    names, values = [], []
    for index, (difference, sd) in enumerate(effects):
        shared = random.normal(0, 4, n) if design == "paired" else 0
        for variant, mean in ((f"ours_{index}", difference), (f"theirs_{index}", 0)):
            names += n * [variant]
            values += list(0.9 + MARGIN * (mean + shared + random.normal(0, sd, n)))
    values = np.array(values) if images is None else np.round(np.array(values) * images) / images
    seeds = np.tile(range(n), len(names) // n)
    return pd.DataFrame({"variant": names, "seed": seeds, "test_accuracy": values})


def mistakes(table, differences):
    """Find which verdicts are wrong.

    Parameters
    ----------
    table : pandas.DataFrame
        From `descent.analysis.equivalence.compare`.
    differences : numpy.ndarray
        (rows,), the true ones, in margins.

    Returns
    -------
    dict of numpy.ndarray
        (rows,), bool: `equivalent`, said of a difference of a margin or more; `different`, said of
        a margin or less; `a difference`, said of none or of the wrong sign.
    """
    verdict, size = table["verdict"], np.abs(differences)
    says_difference = verdict.isin([DETECTABLE, UNCLEAR, DIFFERENT])
    return {
        "equivalent": verdict.isin([EQUIVALENT, DETECTABLE]) & (size >= 1),
        "different": (verdict == DIFFERENT) & (size <= 1),
        "a difference": says_difference & (np.sign(table["difference"]) != np.sign(differences)),
    }


def count_family(seed, effects, n, design, images=None):
    """Simulate one family and count what is said of it."""
    final = simulate(np.random.default_rng(seed), effects, n, design, images)
    pairs = [(f"pair_{i}", f"ours_{i}", f"theirs_{i}") for i in range(len(effects))]
    table = compare(final, pairs, {"test_accuracy": MARGIN}, design=design)
    wrong = mistakes(table, np.array([difference for difference, _ in effects]))
    said = {kind: bool(which.any()) for kind, which in wrong.items()}
    return said | {
        "any": any(said.values()),
        "settled": 1 - table["verdict"].isin(OPEN).mean(),
    }


def count_ranking(seed, n_variants, n, design):
    """Compare all pairs of equal variants; a mistake is any difference that is found."""
    random = np.random.default_rng(seed)
    shared = random.normal(0, 4, n) if design == "paired" else 0
    values = 0.9 + MARGIN * (shared + random.normal(0, 0.5, (n_variants, n)))
    runs = {
        (f"v{variant}", seed): pd.DataFrame({"test_accuracy": [value]})
        for variant, of_variant in enumerate(values)
        for seed, value in enumerate(of_variant)
    }
    names = [f"v{variant}" for variant in range(n_variants)]
    table = all_pairs(runs, {}, {"all": names}, MARGIN, design=design)
    wrong = bool(mistakes(table, np.zeros(len(table)))["a difference"].any())
    return {"a difference": wrong, "any": wrong, "settled": 1 - table["verdict"].isin(OPEN).mean()}


def count_peeking(seed, first, last):
    """Add one seed at a time until a difference is found where there is none."""
    final = simulate(np.random.default_rng(seed), [(0, 2)], last, "independent")
    for n in range(first, last + 1):
        so_far = final[final["seed"] < n]
        pairs = [("pair", "ours_0", "theirs_0")]
        table = compare(so_far, pairs, {"test_accuracy": MARGIN}, design="independent")
        if mistakes(table, np.zeros(1))["a difference"].any():
            return {"a difference": True, "any": True, "settled": True}
    return {"a difference": False, "any": False, "settled": False}


def cases():
    """Lay out what is simulated: names for the table, the function and its arguments."""
    for design in ("independent", "paired"):
        for name, effects in FAMILIES.items():
            for n in SEEDS if len(effects) > 1 else [5]:
                yield (name, design, n), partial(count_family, effects=effects, n=n, design=design)
        for name in ("no difference", "differences of one margin"):
            for n in (3, 5):  # many ties
                known = {"effects": FAMILIES[name], "n": n, "design": design}
                rounded = partial(count_family, **known, images=TEST_IMAGES)
                yield (f"{name}, {TEST_IMAGES} test images", design, n), rounded
        ranking = partial(count_ranking, n_variants=6, n=5, design=design)
        yield ("all pairs of 6 equal variants", design, 5), ranking
    peeking = partial(count_peeking, first=3, last=30)
    name = "against the advice: seeds added until a difference is found"
    yield (name, "independent", "3 to 30"), peeking


def measure(pool, index, case):
    """Simulate one case with random numbers of its own; return its shares of families."""
    (name, design, seeds), count = case
    repetitions = REPETITIONS // 4 if count.func is count_peeking else REPETITIONS
    first = index * REPETITIONS
    counts = pd.DataFrame(pool.map(count, range(first, first + repetitions), chunksize=25))
    about = {"family": name, "design": design, "seeds": seeds, "families": repetitions}
    return about | counts.astype(float).mean().to_dict()


def same_optimizer(file):
    """Train torch's optimizers on the digits with 10 + 10 seeds each and compare the two halves.

    Parameters
    ----------
    file : path
        The prepared digits.

    Returns
    -------
    list of dict
        For each optimizer, in percentage points: sd over 20 seeds, the difference of the halves and
        the 90 % interval of this difference.
    """
    config = yaml.safe_load(CONFIG.read_text())
    config["training"]["epochs"] = yaml.safe_load(DIGITS.read_text())["training"]["epochs"]
    training = {
        "training": TrainingSettings.from_config(config),
        "epochs": config["training"]["epochs"],
        "evaluation_batch_size": config["evaluation"]["batch_size"],
    }
    data, rows = load_prepared(file), []
    for name in ("sgd", "momentum"):
        settings = dict(config["comparisons"][name][f"{name}_torch"])
        del settings["reference"]
        runs = train(data, f"{name}_torch", settings, list(range(20)), **training)
        accuracy = [run.test_accuracy[-1] for run in runs]
        halves = {"first": accuracy[:10], "second": accuracy[10:]}
        runs = {
            (half, seed): pd.DataFrame({"test_accuracy": [value]})
            for half, values in halves.items()
            for seed, value in enumerate(values)
        }
        margins = {"test_accuracy": MARGIN}
        table = equivalence(runs, {}, {name: ("first", ["second"])}, margins, design="independent")
        [row] = table.to_dict("records")
        numbers = {"sd": np.std(accuracy, ddof=1)} | {
            key: row[key] for key in ("difference", "ci_lower", "ci_upper")
        }
        rows.append({"optimizer": name} | {key: 100 * float(n) for key, n in numbers.items()})
    return rows


def page(errors, same):
    """Write the results in words and tables."""
    kinds = ["equivalent", "different", "a difference", "any", "settled"]
    shown = errors[["family", "design", "seeds", "families"]].copy()
    for kind in kinds:
        shown[f"{kind} (%)"] = (100 * errors[kind]).map("{:.1f}".format).replace("nan", "")
    halves = pd.DataFrame(same)
    for column in halves.columns[1:]:
        halves[column] = halves[column].map("{:+.2f}".format if column != "sd" else "{:.2f}".format)
    errors_of_shares = (100 * np.sqrt(p * (1 - p) / REPETITIONS) for p in (0.05, 0.1))
    at_5, at_10 = (f"{error:.1f}" for error in errors_of_shares)
    form = {"headers": "keys", "tablefmt": "github", "showindex": False, "disable_numparse": True}
    return (
        "Share of simulated families of comparisons with a wrong verdict: *equivalent* said of a\n"
        "difference of a margin or more, to be at most 5 %; *different* said of a margin or less,\n"
        "to be at most 5 %, or 10 % where the interval is many times wider than the margin; *a\n"
        "difference* said of none, or with the wrong sign, to be at most 10 %; *any* of these in\n"
        "the family, to be at most 10 %. *Settled* is the share of comparisons that are not left\n"
        f"open. The standard error of a share of 5 % is {at_5} points, of 10 % {at_10}.\n\n"
        f"{tabulate(shown, **form)}\n\n"
        "The same optimizer of torch on the digits, 10 seeds against 10 others, in percentage\n"
        "points: standard deviation over all 20, difference of the means, its 90 % interval.\n\n"
        f"{tabulate(halves, **form)}\n"
    )


def main(folder):
    """Measure and write the results."""
    same = same_optimizer(prepared_file(folder))
    with Pool() as pool:
        numbered = enumerate(tqdm(list(cases()), disable=not sys.stderr.isatty()))
        rows = [measure(pool, index, case) for index, case in numbered]
    result = {"about": provenance(), "errors": rows, "same_optimizer": same}
    publish("equivalence", result, page(pd.DataFrame(rows), same))


if __name__ == "__main__":
    main(sys.argv[1])
