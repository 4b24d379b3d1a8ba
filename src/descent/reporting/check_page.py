"""A check as a piece of a web page, as notebooks show it."""

import io

import matplotlib.pyplot as plt

from descent.parity.first_steps import as_different, place
from descent.parity.verdict import SENTENCES
from descent.reporting.rendering import data_url, render


def check_page(report, figure):
    """Write a report of a check as HTML, for light and dark pages.

    Parameters
    ----------
    report : descent.parity.report.Report
    figure : matplotlib.figure.Figure
        Closed afterwards.

    Returns
    -------
    str
    """
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    plt.close(figure)
    return render(
        "check.html.jinja",
        report=report,
        sentence=SENTENCES[report.verdict].format(against=report.against),
        steps=[_row(step, report.begins) for step in report.first_steps.itertuples()],
        same=report.same,
        figure=data_url(picture.getvalue()),
    )


def _row(step, begins):
    yours, reference = as_different(step.yours, step.reference)
    return {
        "iteration": step.iteration,
        "parameter": place(step.tensor, step.index),
        "yours": yours,
        "reference": reference,
        "ratio": "" if step.ratio != step.ratio else f"{step.ratio:.4g}",
        "begins": begins.startswith(f"iteration {step.iteration},"),
    }
