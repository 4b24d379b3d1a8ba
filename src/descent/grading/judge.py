"""One submission: judged at every setting of an assignment, each time by a worker of its own."""

import shutil
import tempfile
import time
from pathlib import Path

from descent.errors import RuleError, SignatureError, UnusableReferenceError, UsageError
from descent.grading.proxy import Isolated
from descent.grading.sandbox import choose
from descent.grading.session import Ended, Session, printable
from descent.optimizers.spec import parse
from descent.parity.check import check
from descent.parity.verdict import DIFFERENT, VERDICTS

#: Verdicts beside those of a comparison: the rule raises an exception; it cannot be called, or is
#: not there; its process ends or never answers; and, which is for the lecturer, nobody knows.
FAILS, NOT_CHECKED, NO_ANSWER = "error", "not checked", "no answer"
NOT_JUDGED = "not judged"

#: What a survey says where there is none.
_NOTHING = {"imports": [], "uses": [], "tree": ""}


def judge(submission, assignment, unsandboxed=False):
    """Judge a submission at every setting.

    Parameters
    ----------
    submission : descent.grading.submissions.Submission
    assignment : descent.grading.assignment.Assignment
    unsandboxed : bool or str
        See `descent.grading.sandbox.choose`.

    Returns
    -------
    dict
        `student`, `file`, `imports`, `uses`, `tree` (see `descent.grading.survey.survey`),
        `seconds`, and `settings`: for each of them a dict with `name`, `points`, `of`, `verdict`,
        `passed`, `said` (why it could not be compared), `against`, `place` and `begins` (where a
        difference begins, without and with numbers), `hints`, `remarks`, `same` (the trials in
        which it is right) and `printed`. Ready for JSON.

    Raises
    ------
    descent.errors.UsageError
        If a reference cannot be used, which is no fault of the submission.
    """
    begin = time.monotonic()
    found = dict(_NOTHING)
    outcomes = []
    for setting in assignment.settings:
        if submission.problem:
            outcome = _outcome(NOT_CHECKED, said=submission.problem)
        else:
            outcome = _at(setting, submission.file, assignment, choose(unsandboxed), found)
        points = setting.points if outcome["passed"] else 0
        outcomes.append({"name": setting.name, "points": points, "of": setting.points, **outcome})
    return {
        "student": submission.student,
        "file": submission.file.name if submission.file else "",
        **found,
        "settings": outcomes,
        "seconds": round(time.monotonic() - begin, 1),
    }


def _at(setting, file, assignment, start, found):
    """Judge at one setting; put what the survey says into `found`."""
    with tempfile.TemporaryDirectory(prefix="descent-", ignore_cleanup_errors=True) as folder:
        shutil.copyfile(file, Path(folder, file.name), follow_symlinks=False)
        Path(folder).chmod(0o755)  # the worker may run as another user
        Path(folder, file.name).chmod(0o644)
        with Session(folder, assignment.limits, start) as session:
            try:
                outcome = _compare(session, setting, file.name, assignment, found)
                if session.ended:  # whatever has been made of it
                    raise Ended(session.ended)
            except Ended as ended:
                outcome = _outcome(NO_ANSWER, said=str(ended))
            except SignatureError as error:
                outcome = _outcome(NOT_CHECKED, said=str(error))
            except UnusableReferenceError as error:
                raise UsageError(str(error)) from None
            except RuleError as error:
                if any(str(error).startswith(each) for each in _files(assignment.against)):
                    raise UsageError(f"the reference fails: {error}") from None
                outcome = _outcome(FAILS, said=str(error))
            except Exception as error:  # one submission must not end the grading of all
                text = " ".join(f"{type(error).__name__}: {error}".split())
                outcome = _outcome(NOT_JUDGED, said=text)
        return outcome | {"printed": session.output}


def _files(references):
    return [file for each in references if (file := parse(each).file)]


def _compare(session, setting, name, assignment, found):
    told = session.begin(name, assignment.rule, setting.ours, assignment.form)
    found.update({key: told[key] for key in _NOTHING})  # no code of the submission has run yet
    if told["problem"]:
        return _outcome(NOT_CHECKED, said=printable(told["problem"]))
    rule = Isolated.of(session, name, assignment.rule, setting.ours)
    reports = []
    for against in assignment.against:
        reports.append(
            check(
                rule,
                against,
                setting.ours,
                setting.theirs,
                assignment.iterations,
                constant=assignment.constant,
            )
        )
        if reports[-1].passed:
            break
    best = min(reports, key=lambda report: (not report.passed, VERDICTS.index(report.verdict)))
    return _of_report(best)


def _of_report(report):
    against = "the reference" if parse(report.against).file else report.against
    hints = [hint.replace(report.against, against) for hint in report.hints]
    return _outcome(
        report.verdict,
        passed=bool(report.passed),
        against=against,
        place=_place(report),
        begins=report.begins,
        hints=hints,
        remarks=list(report.remarks),
        same=report.same,
    )


def _place(report):
    """Say where a difference begins, without numbers of the reference."""
    wrong = report.table[report.table["verdict"] == DIFFERENT]
    if len(wrong):
        row = wrong.iloc[-1]  # float64 rather than float32
        return f"iteration {row['different_iteration']}, in {row['different_tensor']}"
    wrong = report.trials[report.trials["iteration"].notna()]
    if len(wrong):
        row = max(wrong.itertuples(), key=lambda row: VERDICTS.index(row.verdict))
        return f"iteration {row.iteration}, in {row.tensor}, with {row.trial}"
    return ""


def _outcome(verdict, **known):
    texts = dict.fromkeys(("said", "against", "place", "begins", "printed"), "")
    lists = {name: [] for name in ("hints", "remarks", "same")}
    return {"verdict": verdict, "passed": False, **texts, **lists, **known}
