"""Measure how often confidence bands contain the true mean, on curves whose mean is known.

Writes coverage.json and coverage.md next to this script, and docs/figures/coverage.png.
"""

import functools
import sys
from collections import defaultdict
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from tabulate import tabulate
from tqdm import tqdm

from descent.analysis.bands import band
from descent.analysis.curves import smooth
from descent.provenance import provenance
from descent.reporting.figures.style import HALF_PAGE, save, set_style
from publish import publish

HERE = Path(__file__).parent
LEVEL = 0.95
SEEDS = [3, 5, 10, 20]
#: Simulated experiments: the bootstrap takes a hundred times as long as the others.
REPETITIONS = {"t": 1000, "bootstrap": 100, "simultaneous": 1000}
WINDOW = 50  # iterations of the moving average over the skewed curves


def smooth_gaussian(generator, n_seeds, n_iterations=200, length=0.05):
    """Simulate smooth Gaussian curves, with a standard deviation that rises from 1 to 5.

    Parameters
    ----------
    generator : numpy.random.Generator
    n_seeds, n_iterations : int
    length : float
        Length scale of the squared exponential correlation, as a share of the iterations.

    Returns
    -------
    values : numpy.ndarray
        (iterations, seeds).
    mean : numpy.ndarray
        (iterations,), the true mean.
    """
    curves = _root(n_iterations, length) @ generator.normal(size=(n_iterations, n_seeds))
    return np.linspace(1, 5, n_iterations)[:, None] * curves, np.zeros(n_iterations)


@functools.cache
def _root(n_iterations, length):
    position = np.linspace(0, 1, n_iterations)
    correlation = np.exp(-((position[:, None] - position) ** 2) / (2 * length**2))
    return np.linalg.cholesky(correlation + 1e-9 * np.eye(n_iterations))


def skewed_losses(generator, n_seeds, n_iterations=500):
    """Simulate falling mini-batch losses, and smooth them as `curves` does.

    As in the momentum runs of the default experiment, the noise of a mini-batch is skewed and its
    coefficient of variation rises from 0.25 to 1; here it is lognormal. The levels of the seeds
    have a standard deviation of 2 %.

    Parameters
    ----------
    generator : numpy.random.Generator
    n_seeds, n_iterations : int

    Returns
    -------
    values, mean : numpy.ndarray
        See `smooth_gaussian`.
    """
    mean = 2.3 / (1 + np.arange(n_iterations) / 30)
    variance = np.log1p(np.geomspace(0.25, 1, n_iterations) ** 2)[:, None]
    noise = generator.normal(-variance / 2, np.sqrt(variance), (n_iterations, n_seeds))
    level = generator.normal(1, 0.02, n_seeds)
    losses = mean[:, None] * level * np.exp(noise)
    return smooth(losses, WINDOW), smooth(mean[:, None], WINDOW)[:, 0]


CURVES = {"smooth Gaussian": smooth_gaussian, "skewed losses": skewed_losses}


def measure(simulate, n_seeds):
    """Measure the coverage of every kind of confidence band.

    Parameters
    ----------
    simulate : callable
        A value of `CURVES`.
    n_seeds : int

    Returns
    -------
    list of dict
        For each band, pointwise: share of iterations in which the true mean is inside;
        simultaneous: share of curves whose whole mean is inside; their standard errors over
        experiments; width: median ratio of the band's width to that of the t band.
    """
    generator = np.random.default_rng(0)
    inside, widths = defaultdict(list), defaultdict(list)
    for experiment in range(max(REPETITIONS.values())):
        values, mean = simulate(generator, n_seeds)
        for kind, repetitions in REPETITIONS.items():
            if experiment < repetitions:
                lower, upper = band(values, kind, LEVEL)
                inside[kind].append((lower <= mean) & (mean <= upper))
                widths[kind].append(np.median(upper - lower))
    rows = []
    for kind, hits in inside.items():
        relative = np.divide(widths[kind], widths["t"][: len(hits)])
        row = {"band": kind, "seeds": n_seeds, "width": float(np.median(relative))}
        shares = {"pointwise": np.mean(hits, axis=1), "simultaneous": np.all(hits, axis=1)}
        for name, share in shares.items():
            row[name] = float(share.mean())
            row[f"{name}_se"] = float(share.std() / np.sqrt(len(share)))
        rows.append(row)
    return rows


def draw(table, file):
    """Plot both coverages against the number of seeds."""
    set_style()
    figure, axes = plt.subplots(
        1, 2, figsize=(2 * HALF_PAGE, 2.6), sharey=True, layout="constrained"
    )
    for panel, coverage in zip(axes, ("pointwise", "simultaneous"), strict=True):
        panel.axhline(100 * LEVEL, color="0.7", linewidth=0.8, zorder=0)
        sns.lineplot(
            table.assign(percent=100 * table[coverage]),
            x="seeds",
            y="percent",
            hue="band",
            style="curves",
            markers=True,
            markersize=5,
            ax=panel,
            legend=panel is axes[1],
        )
        panel.set_xscale("log")
        panel.set_xticks(SEEDS, labels=SEEDS, minor=False)
        panel.set_xticks([], minor=True)
        panel.set(xlabel="Seeds", ylabel="Coverage (%)", ylim=(-3, 103), title=coverage)
    axes[1].get_legend().remove()
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside right center", frameon=False)
    sns.despine(figure)
    repetitions = ", ".join(f"{kind} {count}" for kind, count in REPETITIONS.items())
    figure.supxlabel(
        f"Share of simulated experiments in which a {100 * LEVEL:g} % band holds the true mean "
        f"(grey: {100 * LEVEL:g} %); experiments: {repetitions}",
        fontsize=6,
    )
    save(figure, [str(file)])


def main():
    """Measure and write the results and the figure."""
    settings = [(name, n_seeds) for name in CURVES for n_seeds in SEEDS]
    rows = [
        {"curves": name, **row}
        for name, n_seeds in tqdm(settings, disable=not sys.stderr.isatty())
        for row in measure(CURVES[name], n_seeds)
    ]
    table = pd.DataFrame(rows).sort_values(
        ["curves", "band", "seeds"], ascending=[False, False, True]
    )
    shown = table[["curves", "band", "seeds"]].copy()
    for coverage in ("pointwise", "simultaneous"):
        share, error = 100 * table[coverage], 100 * table[f"{coverage}_se"]
        shown[f"{coverage} (%)"] = share.map("{:.1f}".format) + " ± " + error.map("{:.1f}".format)
    shown["width"] = table["width"].map("{:.2f}".format)
    text = (
        f"How often {100 * LEVEL:g} % bands contain the true mean: at a single iteration\n"
        "(pointwise) and at all of them (simultaneous), with the standard error of the\n"
        "simulation. The width is relative to that of the t band (median).\n\n"
        f"{tabulate(shown, 'keys', 'github', showindex=False, disable_numparse=True)}\n"
    )
    publish("coverage", {"about": provenance(), "coverage": rows}, text)
    draw(table, HERE.parent / "docs" / "figures" / "coverage.png")


if __name__ == "__main__":
    main()
