"""The table of final accuracies: CSV to compute with, Markdown and LaTeX to read."""

from descent.files import replacing

_HEADINGS = {
    "variant": "variant",
    "n": "seeds",
    "divergence": "divergence",
    "mean": "mean",
    "sd": "sd",
    "ci_lower": "interval from",
    "ci_upper": "to",
    "min": "min",
    "max": "max",
    "test_loss": "test loss (nats)",
}
_ACCURACIES = ["mean", "sd", "ci_lower", "ci_upper", "min", "max"]


def in_order(table, variants):
    """Sort a table with rows for single variants by their order in the configuration."""
    place = {variant: index for index, variant in enumerate(variants)}
    return table.sort_values("variant", key=lambda names: names.map(place), kind="stable")


def write_final_accuracy(table, variants, *, csv, markdown, latex, confidence_level):
    """Write the table of `descent.analysis.summaries.final_accuracy` in three formats.

    The CSV file has the numbers unrounded, with accuracies in [0, 1]; the others have accuracies in
    percent with two decimals, and say in words which runs diverged.

    Parameters
    ----------
    table : pandas.DataFrame
    variants : list of str
        In the order of the rows.
    csv, markdown, latex : path
    confidence_level : float
        The level of the interval, for the caption.
    """
    table = in_order(table, variants)
    with replacing(csv) as part:
        table.to_csv(part, index=False)
    shown = table.drop(columns=["diverged", "diverged_at"])
    shown.insert(2, "divergence", [_divergence(row) for row in table.itertuples()])
    shown[_ACCURACIES] = (100 * shown[_ACCURACIES]).map("{:.2f}".format)
    shown["test_loss"] = shown["test_loss"].map("{:.4f}".format)
    shown = shown.replace("nan", "-").rename(columns=_HEADINGS)
    interval = f"{100 * confidence_level:g} % interval of the mean (Student t)"
    caption = f"Final test accuracy of the runs that completed, in percent, with the {interval}."
    with replacing(markdown) as part:
        part.write_text(f"{caption}\n\n{shown.to_markdown(index=False, disable_numparse=True)}\n")
    caption = caption.replace("%", r"\%")
    with replacing(latex) as part:
        layout = {"index": False, "escape": True, "column_format": "lrl" + 7 * "r"}
        part.write_text(shown.to_latex(caption=caption, **layout))


def _divergence(row):
    if row.diverged:
        return f"{row.diverged} of {row.n} diverged at iteration {row.diverged_at}"
    return "none"
