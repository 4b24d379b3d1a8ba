"""What a lecturer and the students read: grades, feedback and a summary."""

import csv
from collections import Counter
from pathlib import Path

from descent.files import replacing
from descent.grading.assignment import MISTAKE
from descent.grading.grade import equal_groups
from descent.grading.judge import FAILS, NO_ANSWER, NOT_CHECKED, NOT_JUDGED
from descent.parity.verdict import SENTENCES
from descent.reporting.rendering import render

_SENTENCES = {
    **SENTENCES,
    FAILS: "It could not be compared: {said}",
    NOT_CHECKED: "It could not be compared: {said}",
    NO_ANSWER: "It could not be compared: {said}",
    NOT_JUDGED: "It could not be compared. Your lecturer will look at it.",
}

#: How much of what a submission prints its author reads again, in characters.
_PRINTED = 2000


def feedback(outcome, assignment):
    """Write what a student learns about one setting.

    Parameters
    ----------
    outcome : dict
        Of `descent.grading.judge.judge`.
    assignment : descent.grading.assignment.Assignment

    Returns
    -------
    list of str
    """
    lines = [_SENTENCES[outcome["verdict"]].format_map(outcome)]
    names_mistake = assignment.feedback == MISTAKE
    if not outcome["passed"]:
        where = outcome["begins"] if names_mistake else ""
        if where := where or outcome["place"]:
            lines.append(f"The difference begins at {where}.")
        lines += [f"Hint: {hint}." for hint in outcome["hints"] if names_mistake]
    return lines + [f"Note: {remark}." for remark in outcome["remarks"]]


def write_everything(results, assignment, out):
    """Write `grades.csv`, `summary.md` and a page of feedback for each student.

    Parameters
    ----------
    results : list of dict
    assignment : descent.grading.assignment.Assignment
    out : str or pathlib.Path
    """
    out = Path(out)
    for result in results:
        page = {
            "student": result["student"],
            "rule": assignment.rule,
            "points": f"{_points(result):g}",
            "of": f"{assignment.points:g}",
            "settings": [
                {
                    "name": each["name"],
                    "passed": each["passed"],
                    "lines": feedback(each, assignment),
                    "same": each["same"],
                    "printed": each["printed"][:_PRINTED],
                }
                for each in result["settings"]
            ],
        }
        for ending, text in (
            ("html", render("feedback.html.jinja", **page)),
            ("md", _without_html(_as_markdown(page))),
        ):
            with replacing(out / "feedback" / f"{result['student']}.{ending}") as part:
                part.write_text(text)
    with replacing(out / "grades.csv") as part:
        _write_grades(results, assignment, part)
    with replacing(out / "summary.md") as part:
        part.write_text(_without_html(summary(results, assignment)))


def _without_html(text):
    """Let what a submission says stay text where Markdown is shown as a page."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _cell(text):
    """Let a name stay a name where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _points(result):
    return sum(each["points"] for each in result["settings"])


def _as_markdown(page):
    lines = [f"# {page['rule']}, by {page['student']}: {page['points']} of {page['of']}", ""]
    for each in page["settings"]:
        lines += [f"## {'✓' if each['passed'] else '✗'} {each['name']}", ""]
        lines += [line for text in each["lines"] for line in (text, "")]
        if each["printed"]:
            indented = [f"    {line}" for line in each["printed"].splitlines()]
            lines += ["It printed:", "", *indented, ""]
    return "\n".join(lines)


def _write_grades(results, assignment, path):
    """Write the grades: 1 is right, for each setting."""
    alike = {name: group for group in equal_groups(results) for name in group}
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        names = [setting.name for setting in assignment.settings]
        writer.writerow(
            ["student", *names, "points", "of", "verdict", "equal to", "uses", "imports"]
        )
        for result in results:
            others = [n for n in alike.get(result["student"], []) if n != result["student"]]
            writer.writerow(
                [
                    _cell(result["student"]),
                    *(int(each["passed"]) for each in result["settings"]),
                    f"{_points(result):g}",
                    f"{assignment.points:g}",
                    "; ".join(each["verdict"] for each in result["settings"]),
                    *map("; ".join, (others, result["uses"], result["imports"])),
                ]
            )


def summary(results, assignment):
    """Sum up a class as Markdown.

    Parameters
    ----------
    results : list of dict
    assignment : descent.grading.assignment.Assignment

    Returns
    -------
    str
    """
    right = sum(all(each["passed"] for each in result["settings"]) for result in results)
    title = f"# {assignment.rule}: {right} of {len(results)} submissions are right"
    lines = [title, "", *_table(results, assignment)]
    lines += _section("Mistakes", _mistakes(results))
    lines += _section("Could not be compared", _not_compared(results))
    lines += _section(
        "The same code, but for comments and layout",
        [", ".join(group) for group in equal_groups(results)],
    )
    lines += _section(
        "Use torch.optim or descent",
        [f"{each['student']}: {', '.join(each['uses'])}" for each in results if each["uses"]],
    )
    return "\n".join(lines) + "\n"


def _table(results, assignment):
    verdicts = [
        verdict
        for verdict in _SENTENCES
        if any(each["verdict"] == verdict for result in results for each in result["settings"])
    ]
    yield f"| setting | right | {' | '.join(verdicts)} |"
    yield "|---|" + "---|" * (1 + len(verdicts))
    for index, setting in enumerate(assignment.settings):
        column = [result["settings"][index] for result in results]
        counts = Counter(each["verdict"] for each in column)
        passed = sum(each["passed"] for each in column)
        numbers = " | ".join(str(counts[verdict]) for verdict in verdicts)
        yield f"| {setting.name} | {passed} | {numbers} |"


def _section(title, lines):
    return ["", f"## {title}", "", *(f"- {line}" for line in lines)] if lines else []


def _mistakes(results):
    found = {}
    for result in results:
        hints = {h for each in result["settings"] if not each["passed"] for h in each["hints"][:1]}
        for hint in hints:
            found.setdefault(hint, []).append(result["student"])
    by_number = sorted(found.items(), key=lambda item: -len(item[1]))
    return [f"{len(names)}: {hint} ({', '.join(names)})" for hint, names in by_number]


def _not_compared(results):
    return [
        f"{result['student']}: {said}"
        for result in results
        for said in dict.fromkeys(each["said"] for each in result["settings"] if each["said"])
    ]
