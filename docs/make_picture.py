"""Draw the picture of the README: one mistake that `descent check` catches, beside the right rule.

Run by `make picture`, which writes figures/mistake.png.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import torch

import descent
from descent.reporting.figures.style import save, set_style

TARGET = Path(__file__).parent / "figures" / "mistake.png"

WRONG = """\
def step(params, velocity, lr, mu):
    for name, p in params.items():
        v = mu * velocity[name] + p.grad
        p.data -= lr * v"""

RIGHT = """\
def step(params, velocity, lr, mu):
    for name, p in params.items():
        velocity[name] = mu * velocity[name] + p.grad
        p.data -= lr * velocity[name]"""

RED, GREEN, QUIET = "#b3261e", "#0b7a53", "#566373"  # as on the pages
CARD = {"facecolor": "#f4f6f8", "edgecolor": "#d5dbe1", "boxstyle": "round,pad=0.8"}
CODE = {"family": "monospace", "fontsize": 7.6, "linespacing": 1.4, "bbox": CARD}


def check(code):
    """Check a rule against momentum of torch.optim.SGD."""
    namespace = {}
    exec(code, namespace)  # one of the two texts above
    return descent.check(namespace["step"], torch.optim.SGD, lr=0.01, momentum=0.9)


def picture(reports):
    """Return the figure: for each rule its code, how far it is from torch's, and the verdict."""
    set_style()
    figure, panels = plt.subplots(1, 2, figsize=(8.4, 3.9), sharey=True, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12, wspace=0.04, rect=(0, 0, 1, 0.97))
    for axes, code, report in zip(panels, [WRONG, RIGHT], reports, strict=True):
        axes.text(0.025, 1.13, code, va="bottom", transform=axes.transAxes, **CODE)
        draw(axes, report)
    panels[0].set_ylabel("distance from torch.optim.SGD,\nas a multiple of the rounding bound")
    return figure


def draw(axes, report):
    """Draw the distance of the steps, and write the verdict."""
    color = GREEN if report else RED
    steps = report.trace[(report.trace["dtype"] == "float32") & (report.trace["loop"] == "replay")]
    distance = steps.groupby("iteration")["share_of_bound"].max().loc[:20]
    axes.axhspan(1e-4, 1, color=GREEN, alpha=0.1, linewidth=0)
    axes.axhline(1, color=QUIET, linewidth=0.9, linestyle="--")
    axes.plot(distance, color=color, linewidth=1.8, marker="o", markersize=4)
    axes.set(yscale="log", ylim=(1e-4, 1e6), xlim=(0.3, 20.7), xticks=[1, 5, 10, 15, 20])
    axes.set_yticks([1e-4, 1e-2, 1, 1e2, 1e4, 1e6])
    axes.minorticks_off()
    axes.set_xlabel("iteration")
    axes.text(20.3, 0.45, "what rounding can explain", color=QUIET, ha="right", va="top")
    place = {"transform": axes.transAxes, "va": "top", "color": color, "linespacing": 1.4}
    axes.text(0.14, 0.8, f"verdict: {report.verdict}", weight="bold", fontsize=10, **place)
    for hint in report.hints:
        says = hint.rpartition("mistake: ")[2].replace(": ", ":\n")
        axes.text(0.14, 0.69, f"hint: {says}", fontsize=9, **place)


if __name__ == "__main__":
    save(picture([check(WRONG), check(RIGHT)]), [str(TARGET)])
