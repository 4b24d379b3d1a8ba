"""The command `descent`: check an update rule against a reference, or start a new one."""

import argparse
import math
import sys
from pathlib import Path

import yaml

from descent.errors import DescentError, RuleError, SignatureError, UsageError
from descent.optimizers.signatures import check_hyperparameters

PASSED, DIFFERENT, USAGE = 0, 1, 2


def main(arguments=None):
    """Run the command.

    Parameters
    ----------
    arguments : list of str, optional
        Command-line arguments; by default those of the process.

    Returns
    -------
    int
        Exit code: 0 if the rule matches the reference, 1 if it differs or fails, 2 for wrong usage.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except DescentError as error:
        print(f"descent: {str(error).removeprefix('optimizer: ')}", file=sys.stderr)
        return USAGE


def _parser():
    parser = argparse.ArgumentParser(prog="descent", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    check = commands.add_parser(
        "check",
        help="compare an update rule with a reference, step by step",
        description="Compare an update rule with a reference, step by step, on a small generated "
        "problem. Exit code 0: identical, or equal to rounding; 1: different, or an error in the "
        "rule; 2: wrong usage.",
    )
    check.add_argument("rule", help="<file>.py:<rule or class>, or scratch.<rule>")
    check.add_argument("--against", required=True, help="any of these, or torch.optim.<Class>")
    for option, whose in (
        ("--set", "of both"),
        ("--set-rule", "of the rule only"),
        ("--set-reference", "of the reference only"),
    ):
        check.add_argument(
            option,
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help=f"a hyperparameter {whose}, such as lr=0.01; can be repeated",
        )
    check.add_argument("--iterations", type=_positive, default=500, help="default: %(default)s")
    check.set_defaults(command=_check)
    new = commands.add_parser(
        "new", help="write a template for an update rule, and its test, to this folder"
    )
    new.add_argument("name", help="name of the rule; my_rule writes my_rule.py and test_my_rule.py")
    new.set_defaults(command=_new)
    return parser


def _positive(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _check(options):
    common = _settings("--set", options.set)
    settings = common | _settings("--set-rule", options.set_rule)
    reference_settings = common | _settings("--set-reference", options.set_reference)
    for optimizer, given in ((options.rule, settings), (options.against, reference_settings)):
        try:
            check_hyperparameters(optimizer, given.keys())
        except SignatureError as error:
            one_sided = "; --set applies to both, --set-rule and --set-reference to one"
            about_a_key = str(error).partition(":")[0] in given
            raise UsageError(f"{error}{one_sided if about_a_key else ''}") from None
    # importing torch takes seconds
    from descent.parity.check import check

    try:
        report = check(
            options.rule, options.against, settings, reference_settings, options.iterations
        )
    except RuleError as error:
        print(f"verdict: error\n  {error}")
        return DIFFERENT
    print(report)
    return PASSED if report.passed else DIFFERENT


def _settings(option, pairs):
    """Parse hyperparameters as YAML, but also read `1e-3` as a number."""
    settings = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not (key.isidentifier() and equals):
            raise UsageError(f"{option} {pair}: must be KEY=VALUE, such as lr=0.01")
        if key in settings:
            raise UsageError(f"{option} {pair}: {key} is given twice")
        try:
            settings[key] = _number(yaml.safe_load(text))
        except yaml.YAMLError:
            raise UsageError(f"{option} {pair}: the value is not valid YAML") from None
    return settings


def _number(value):
    if isinstance(value, list):
        return [_number(item) for item in value]
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{value}: a hyperparameter must be finite")
    return value


def _new(options):
    from descent.optimizers.scaffold import write_template

    try:
        files = write_template(options.name, Path())
    except OSError as error:
        raise UsageError(error) from None
    print(f"wrote {' and '.join(map(str, files))}; next: pytest {files[1]}")
    return PASSED
