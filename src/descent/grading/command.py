"""The command `descent grade`; torch is imported only when it runs."""

import os
import sys
from pathlib import Path

from descent.errors import UsageError
from descent.grading import assignment as assignments
from descent.optimizers.given import read_pairs

CSV, GRADESCOPE = "csv", "gradescope"


def add_parser(commands):
    """Add the command to those of `descent`.

    Parameters
    ----------
    commands
        What `argparse.ArgumentParser.add_subparsers` returned.
    """
    parser = commands.add_parser(
        "grade",
        help="grade a folder of submissions",
        description="Grade a folder of submissions: .py and .ipynb files, or one folder for each "
        "student with one of these in it. Every submission runs in a process of its own, in a "
        "sandbox, and is compared with the reference step by step. Writes grades.csv, in which 1 "
        "is right, summary.md, and feedback for each student. Exit code 0: graded, whatever the "
        "grades; 2: wrong usage.",
    )
    parser.add_argument("folder", help="where the submissions are")
    parser.add_argument(
        "--assignment", metavar="FILE", help="a YAML file: rule, against, settings, limits"
    )
    parser.add_argument("--rule", help="in place of a file: the name of the rule to look for")
    parser.add_argument(
        "--against", action="append", default=[], help="the reference; repeated: any of them"
    )
    for option, whose in (
        ("--set", "of both"),
        ("--set-rule", "of the rule only"),
        ("--set-reference", "of the reference only"),
    ):
        parser.add_argument(
            option, action="append", default=[], metavar="KEY=VALUE", help=f"hyperparameter {whose}"
        )
    parser.add_argument(
        "--out", default="grades", help="folder of the grades; default: %(default)s"
    )
    parser.add_argument(
        "--format",
        choices=[CSV, GRADESCOPE],
        default=CSV,
        help="gradescope: the folder is one submission, and results.json is written",
    )
    parser.add_argument("--again", action="store_true", help="grade also what has not changed")
    parser.add_argument("--jobs", type=int, default=2, help="at a time; default: %(default)s")
    parser.add_argument(
        "--unsandboxed",
        action="store_true",
        help="let submissions read files and use the network, with your rights",
    )
    parser.add_argument(
        "--as",
        dest="user",
        metavar="USER",
        help="with --unsandboxed, where you are root: let submissions run with the rights of USER",
    )
    parser.set_defaults(command=run)


def run(options):
    """Grade, write the grades, and print a summary.

    Returns
    -------
    int
        0
    """
    assignment = _assignment(options)
    # importing torch takes seconds
    from descent.files import check_writable
    from descent.grading.grade import grade
    from descent.grading.gradescope import write_results
    from descent.grading.submissions import collect, only_one
    from descent.grading.writing import summary, write_everything
    from descent.optimizers.spec import parse

    if options.jobs < 1:
        raise UsageError(f"--jobs {options.jobs}: must be at least 1")
    if options.user:
        _check_user(options)
    check_writable(options.out)
    aside = [options.out, *filter(None, (parse(each).file for each in assignment.against))]
    take = only_one if options.format == GRADESCOPE else collect
    results = grade(
        take(options.folder, aside),
        assignment,
        options.out,
        unsandboxed=options.user or options.unsandboxed,
        again=options.again,
        jobs=options.jobs,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    if options.format == GRADESCOPE:
        write_results(results[0], assignment, options.out)
        return 0
    write_everything(results, assignment, options.out)
    print(summary(results, assignment))
    print(f"wrote {Path(options.out, 'grades.csv')}, summary.md and feedback/ beside it")
    return 0


def _check_user(options):
    if not options.unsandboxed:
        raise UsageError("--as: is for --unsandboxed; a sandbox needs no other user")
    import pwd  # which Windows has not

    try:
        pwd.getpwnam(options.user)
    except KeyError:
        raise UsageError(f"--as {options.user}: there is no such user") from None
    if os.geteuid():
        raise UsageError("--as: only root can let a process run as another user")


def _assignment(options):
    single = ("rule", "against", "set", "set_rule", "set_reference")
    given = [f"--{name.replace('_', '-')}" for name in single if getattr(options, name)]
    if options.assignment:
        if given:
            raise UsageError(f"{given[0]}: is in the file of the assignment; change it there")
        return assignments.read(options.assignment)
    if not options.rule or not options.against:
        raise UsageError("grade needs --assignment FILE, or --rule NAME and --against REFERENCE")
    setting = {
        key: read_pairs(f"--{key.replace('_', '-')}", getattr(options, key))
        for key in ("set", "set_rule", "set_reference")
    }
    return assignments.from_dict(
        {"rule": options.rule, "against": options.against, "settings": [setting]}
    )
