"""The grade of one submission as Gradescope's autograder reads it.

The format is https://gradescope-autograders.readthedocs.io/en/latest/specs/.
"""

import json
from pathlib import Path

from descent.files import replacing
from descent.grading.writing import feedback


def results_json(result, assignment):
    """Return the content of `results.json`.

    Parameters
    ----------
    result : dict
        Of `descent.grading.judge.judge`.
    assignment : descent.grading.assignment.Assignment

    Returns
    -------
    dict
    """
    tests = [
        {
            "name": each["name"],
            "score": each["points"],
            "max_score": each["of"],
            "status": "passed" if each["passed"] else "failed",
            "output": "\n".join(feedback(each, assignment)),
            "visibility": "visible",
        }
        for each in result["settings"]
    ]
    right = sum(each["passed"] for each in result["settings"])
    return {
        "score": sum(each["points"] for each in result["settings"]),
        "output": f"{assignment.rule}: right at {right} of {len(tests)} settings",
        "execution_time": round(result["seconds"]),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def write_results(result, assignment, out):
    """Write `results.json` to a folder.

    Parameters
    ----------
    result : dict
    assignment : descent.grading.assignment.Assignment
    out : str or pathlib.Path
    """
    with replacing(Path(out) / "results.json") as part:
        part.write_text(json.dumps(results_json(result, assignment), indent=1))
