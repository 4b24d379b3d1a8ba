"""The command `descent`: check an update rule, translate or draw it, grade many, convert data."""

import argparse
import difflib
import json
import sys
from functools import partial
from pathlib import Path

from descent.errors import DescentError, RuleError, SignatureError, UsageError
from descent.extras import naming_extras
from descent.files import check_writable
from descent.grading.command import add_parser as add_grade
from descent.landscapes.functions import FUNCTIONS
from descent.optimizers.form_names import FORMS
from descent.optimizers.given import read_pairs
from descent.optimizers.signatures import check_hyperparameters, check_values
from descent.optimizers.spec import parse, split_training
from descent.parity import ITERATIONS, THOROUGH

PASSED, DIFFERENT, USAGE, ONLY_CONSTANT = 0, 1, 2, 3


def main(arguments=None):
    """Run the command.

    Parameters
    ----------
    arguments : list of str, optional
        Command-line arguments; by default those of the process.

    Returns
    -------
    int
        Exit code: 0 if the rule matches the reference, 1 if it differs or fails, 2 for wrong usage,
        3 if it matches only while hyperparameters stay constant.
    """
    parser = _parser()
    if not (sys.argv[1:] if arguments is None else arguments):
        parser.print_help(sys.stderr)
        return USAGE
    options, others = parser.parse_known_args(arguments)
    if others:
        parser.error(f"unrecognized arguments: {' '.join(others)}{_as_settings(others)}")
    try:
        with naming_extras():
            return options.command(options)
    except DescentError as error:
        print(f"descent: {str(error).removeprefix('optimizer: ')}", file=sys.stderr)
        return USAGE


def _as_settings(arguments):
    """Propose --set for what may be a hyperparameter: `lr=0.01`, `--lr=0.01` or `--lr 0.01`."""
    name, equals, value = arguments[0].lstrip("-").partition("=")
    if not equals and arguments[0].startswith("--") and len(arguments) > 1:
        value = arguments[1]
    known = value and name.isidentifier()
    return f"; did you mean --set {name}={value}? each has a --set of its own" if known else ""


class _Parser(argparse.ArgumentParser):
    """A parser that says what a misspelt option may be."""

    def parse_known_args(self, args=None, namespace=None):
        self._given = sys.argv[1:] if args is None else args
        return super().parse_known_args(args, namespace)

    def error(self, message):
        missing = message.startswith("the following arguments are required")
        given = [each.partition("=")[0] for each in self._given if each.startswith("--")]
        for option in given if missing else ():
            close = difflib.get_close_matches(option, self._option_string_actions, n=1)
            if close and not any(known.startswith(option) for known in self._option_string_actions):
                message += f"; {option}: did you mean {close[0]}?"
        super().error(message)


def _parser():
    parser = _Parser(prog="descent", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    check = commands.add_parser(
        "check",
        help="compare an update rule with a reference, step by step",
        description="Compare an update rule with a reference, step by step, on a small generated "
        "problem, and in trials with other gradients and hyperparameters. Exit code 0: the same "
        "rule; 1: different, or an error in the rule; 2: wrong usage; 3: the same only while "
        "hyperparameters stay constant.",
    )
    check.add_argument(
        "rule", help="<file>.py:<rule or class>, <package>.<module>:<Class>, or scratch.<rule>"
    )
    check.add_argument("--against", required=True, help="any of these, or torch.optim.<Class>")
    _add_settings(check)
    length = check.add_mutually_exclusive_group()
    length.add_argument(
        "--iterations", type=_positive, default=ITERATIONS, help="default: %(default)s"
    )
    length.add_argument(
        "--thorough",
        action="store_const",
        dest="iterations",
        const=THOROUGH,
        help=f"{THOROUGH:,} iterations, as many as the default experiment trains",
    )
    check.add_argument(
        "--constant",
        action="store_true",
        help="pass a rule that is the same only while hyperparameters stay constant",
    )
    _add_form(check)
    check.add_argument(
        "--device",
        choices=["cpu", "cuda"],
        default="cpu",
        help="where both take their steps; default: %(default)s",
    )
    check.add_argument("--json", action="store_true", help="print the whole report as JSON")
    check.add_argument(
        "--isolate",
        action="store_true",
        help="run the rule in a process of its own, in a sandbox, as descent grade does",
    )
    check.add_argument(
        "--unsandboxed", action="store_true", help="with --isolate: a process without a sandbox"
    )
    check.set_defaults(command=_check)
    _add_translate(commands)
    _add_draw(commands)
    add_grade(commands)
    convert = commands.add_parser(
        "convert",
        help="make the IDX files of a data set from files in other forms",
        description="Make the four IDX files that the data set `idx` takes from .npz, .npy, .csv, "
        ".parquet or .mat files, or from folders with a folder of images for each class. What is "
        "for training and what for testing is told by names (train, test, t10k), in the files or "
        "of the files. Colours become gray, and what else has to be changed is said. Exit code 0: "
        "converted; 2: it cannot be.",
    )
    convert.add_argument("sources", nargs="+", metavar="source", help="a file or folder")
    convert.add_argument("--out", required=True, metavar="FOLDER", help="the folder to make")
    convert.add_argument(
        "--test", nargs="+", default=[], metavar="SOURCE", help="files or folders for testing"
    )
    convert.add_argument(
        "--test-fraction",
        type=float,
        metavar="FRACTION",
        help="test on the last images of each class, such as 0.15 of them",
    )
    convert.add_argument(
        "--label", metavar="COLUMN", help="name or number of the column with the labels, in a table"
    )
    convert.set_defaults(command=_convert)
    new = commands.add_parser(
        "new", help="write a template for an update rule, and its test, to this folder"
    )
    new.add_argument("name", help="name of the rule; my_rule writes my_rule.py and test_my_rule.py")
    new.set_defaults(command=_new)
    return parser


def _add_settings(parser):
    for option, whose in (
        ("--set", "of both"),
        ("--set-rule", "of the rule only"),
        ("--set-reference", "of the reference only"),
    ):
        parser.add_argument(
            option,
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help=f"a hyperparameter {whose}, such as lr=0.01, or one of lr_scheduler, groups and "
            "gradient_clipping, such as 'gradient_clipping={norm: 1}'; can be repeated",
        )


def _add_form(parser):
    parser.add_argument(
        "--form",
        choices=list(FORMS),
        metavar="FORM",
        help="how the rule is to be called, if that is not to be recognised: "
        + "; ".join(f"{key}, {text}" for key, text in FORMS.items()),
    )


def _add_translate(commands):
    parser = commands.add_parser(
        "translate",
        help="find the call of one optimizer that takes the steps of another one",
        description="Find the settings with which an optimizer takes the steps of another one, "
        "such as one of another framework, and confirm them by a check. Exit code 0: found; 1: "
        "there are none; 2: wrong usage; 3: the steps are the same only while hyperparameters stay "
        "constant.",
    )
    parser.add_argument(
        "optimizer", help="the optimizer whose steps are wanted, such as optax:adamw"
    )
    parser.add_argument(
        "--to",
        required=True,
        metavar="OPTIMIZER",
        help="the optimizer to call in its place, such as torch.optim.AdamW",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a hyperparameter of the optimizer whose steps are wanted; can be repeated",
    )
    parser.set_defaults(command=_translate)


def _translate(options):
    settings = read_pairs("--set", options.set)
    check_hyperparameters(options.optimizer, settings.keys())
    from descent.counterparts.translation import translate  # importing torch takes seconds
    from descent.parity.verdict import CONSTANT

    translation = translate(options.optimizer, options.to, settings)
    print(translation)
    if translation.verdict == CONSTANT:
        return ONLY_CONSTANT
    return PASSED if translation else DIFFERENT


def _add_draw(commands):
    parser = commands.add_parser(
        "draw",
        help="draw the way of an update rule over test functions, as pictures and an animation",
        description="Draw the way of an update rule, and of a reference, over test functions of "
        "two variables: as PNG and SVG, and as a page that plays it. Exit code 0: drawn, whatever "
        "the verdict; 1: an error in the rule; 2: wrong usage.",
    )
    parser.add_argument("rule", help="<file>.py:<rule or class>, scratch.<rule> or torch's")
    parser.add_argument("--against", help="a reference: any of these, or torch.optim.<Class>")
    _add_settings(parser)
    parser.add_argument(
        "--on",
        action="append",
        choices=list(FUNCTIONS),
        metavar="FUNCTION",
        help=f"{', '.join(FUNCTIONS)}; can be repeated; default: rosenbrock",
    )
    parser.add_argument("--iterations", type=_positive, help="default: that of each function")
    parser.add_argument(
        "--start", type=_point, metavar="X,Y", help="such as --start=-1.2,1; default: as above"
    )
    parser.add_argument(
        "--out", default="landscapes", metavar="FOLDER", help="default: %(default)s"
    )
    _add_form(parser)
    parser.set_defaults(command=_draw)


def _point(text):
    x, y = map(float, text.split(","))
    return x, y


def _positive(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _read_settings(options):
    """Read the hyperparameters of the rule and of its reference, and check their names."""
    common = read_pairs("--set", options.set)
    settings = common | read_pairs("--set-rule", options.set_rule)
    reference_settings = common | read_pairs("--set-reference", options.set_reference)
    sides = [
        (optimizer, split_training(given)[0])
        for optimizer, given in ((options.rule, settings), (options.against, reference_settings))
        if optimizer is not None
    ]
    for optimizer, given in sides:
        reference = options.against if optimizer == options.rule else None
        try:
            check_hyperparameters(optimizer, given.keys(), reference)
        except SignatureError as error:
            one_sided = "; --set applies to both, --set-rule and --set-reference to one"
            about_a_key = str(error).partition(":")[0] in given and "mean" not in str(error)
            raise UsageError(f"{error}{one_sided if about_a_key else ''}") from None
    for optimizer, given in sides:
        check_values(optimizer, given)
    return settings, reference_settings


def _draw(options):
    settings, reference_settings = _read_settings(options)
    check_writable(options.out)
    from descent.drawing import draw  # importing torch takes seconds

    try:
        drawing = draw(
            options.rule,
            options.against,
            on=options.on or "rosenbrock",
            start=options.start,
            iterations=options.iterations,
            form=options.form,
            set_rule=settings,
            set_reference=reference_settings,
        )
    except RuleError as error:
        print(f"not drawn\n  {error}")
        return DIFFERENT
    for kind, text in drawing.told:
        print(f"hint: {text}" if kind == "hint" else text)
    for name in drawing.trajectories:
        for text in drawing.said(name):
            print(f"{name}: {text}")
    for file in drawing.save(options.out):
        print(f"wrote {file}")
    return PASSED


def _check(options):
    settings, reference_settings = _read_settings(options)
    # importing torch takes seconds
    from descent.parity.check import check
    from descent.parity.verdict import CONSTANT

    if options.isolate:
        from descent.grading.isolation import check_isolated

        if options.device != "cpu":
            raise UsageError(f"--device: {options.device} cannot be used with --isolate")
        check = partial(check_isolated, unsandboxed=options.unsandboxed)
    else:
        check = partial(check, device=options.device)
    try:
        report = check(
            options.rule,
            options.against,
            settings,
            reference_settings,
            options.iterations,
            constant=options.constant,
            form=options.form,
        )
    except RuleError as error:
        if _is_of_the_reference(error, options, settings):
            raise UsageError(f"the reference fails: {error}") from None
        print(f"verdict: error\n  {error}")
        return DIFFERENT
    print(json.dumps(report.to_dict(), indent=1) if options.json else report)
    if report.passed:
        return PASSED
    return ONLY_CONSTANT if report.verdict == CONSTANT else DIFFERENT


def _is_of_the_reference(error, options, settings):
    """Tell whether the reference fails: its file is named, or the rule does not fail by itself."""
    file, own_file = parse(options.against).file, parse(options.rule).file
    if options.isolate:  # nothing of the rule is loaded here
        return False
    if file is None or file != own_file:
        return file is not None and str(error).startswith(file)
    from descent.parity.check import check

    try:
        check(
            options.rule,
            options.rule,
            settings,
            settings,
            options.iterations,
            device=options.device,
        )
    except DescentError:
        return False
    return True


def _convert(options):
    from descent.data.convert import convert  # importing pandas takes a second

    made, *notes = convert(
        options.sources,
        options.out,
        test=options.test,
        test_fraction=options.test_fraction,
        label=options.label,
    )
    print(made)
    for note in notes:
        print(f"  note: {note}")
    print(f"next, in your configuration: dataset: {{name: idx, folder: {options.out}}}")
    return PASSED


def _new(options):
    from descent.optimizers.scaffold import write_template

    try:
        files = write_template(options.name, Path())
    except OSError as error:
        raise UsageError(error) from None
    print(f"wrote {' and '.join(map(str, files))}; next: pytest {files[1]}")
    return PASSED
