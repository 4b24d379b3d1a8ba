"""A class: every submission judged, two at a time, and nothing twice."""

import hashlib
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path

import torch

import descent
from descent.errors import UsageError
from descent.files import replacing
from descent.grading.judge import NOT_JUDGED, judge
from descent.grading.sandbox import choose
from descent.optimizers.spec import parse

#: Folder, among the grades, of what is known about each submission.
KNOWN = ".graded"


def grade(submissions, assignment, out, *, unsandboxed=False, again=False, jobs=2, say=None):
    """Judge submissions, except those that were judged before and are unchanged since.

    Parameters
    ----------
    submissions : list of descent.grading.submissions.Submission
    assignment : descent.grading.assignment.Assignment
    out : str or pathlib.Path
        Folder of the grades.
    unsandboxed : bool or str
        See `descent.grading.sandbox.choose`.
    again : bool
        Whether to judge also what is known.
    jobs : int
        How many submissions are judged at a time; one in this process.
    say : callable, optional
        Gets a line for each submission.

    Returns
    -------
    list of dict
        What `descent.grading.judge.judge` returns, in the order of the submissions.

    Raises
    ------
    descent.errors.UsageError
        If a sandbox is wanted and does not work, or a reference cannot be used.
    """
    choose(unsandboxed)
    known, open_ones = {}, []
    for submission in submissions:
        key, file = _key(submission, assignment), _known_file(out, submission)
        result = None if again else _read(file, key)
        if result is None:
            open_ones.append((submission, key, file))
        else:
            known[submission.student] = result
    if known and say:
        say(f"{len(known)} unchanged since they were graded; --again grades them, too")
    judged = _judge_all(open_ones, assignment, unsandboxed, jobs)
    for done, (result, key, file) in enumerate(judged, 1):
        known[result["student"]] = result
        if key and all(each["verdict"] != NOT_JUDGED for each in result["settings"]):
            with replacing(file) as part:
                part.write_text(json.dumps({"key": key, "result": result}, indent=1))
        if say:
            verdicts = "; ".join(each["verdict"] for each in result["settings"])
            say(f"{done} of {len(open_ones)}  {result['student']}: {verdicts}")
    return [known[submission.student] for submission in submissions]


def _judge_all(open_ones, assignment, unsandboxed, jobs):
    if jobs == 1 or len(open_ones) < 2:
        for submission, key, file in open_ones:
            yield judge(submission, assignment, unsandboxed), key, file
        return
    # spawned: a check sets torch's default dtype for a whole process, so threads would not do
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    try:
        futures = {
            pool.submit(judge, submission, assignment, unsandboxed): (key, file)
            for submission, key, file in open_ones
        }
        for future in as_completed(futures):
            yield future.result(), *futures[future]
    except BrokenProcessPool:
        raise UsageError(
            "a judging process was ended from outside, perhaps for want of memory; run the same "
            "command again, with --jobs 1: what is graded is kept"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _key(submission, assignment):
    """Return a digest of all that a result depends on; empty if there is no file to judge."""
    if submission.problem:
        return ""
    digest = hashlib.sha256()
    versions = (descent.__version__, torch.__version__)
    digest.update(json.dumps([versions, asdict(assignment)], sort_keys=True).encode())
    references = [file for each in assignment.against if (file := parse(each).file)]
    for file in (submission.file, *references):
        digest.update(hashlib.sha256(Path(file).read_bytes()).digest())
    digest.update(submission.file.name.encode())
    return digest.hexdigest()


def _known_file(out, submission):
    return Path(out, KNOWN, f"{submission.student}.json")


def _read(file, key):
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return content["result"] if key and content.get("key") == key else None


def equal_groups(results):
    """List the groups of students whose submissions have the same syntax tree."""
    groups = {}
    for result in results:
        if result["tree"]:
            groups.setdefault(result["tree"], []).append(result["student"])
    return [group for group in groups.values() if len(group) > 1]
