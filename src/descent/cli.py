"""The command `descent`: check a rule against a reference, or begin a new one."""

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
        Those of the process if left out.

    Returns
    -------
    int
        Exit code: 0, the rule is the reference's; 1, it is different or fails; 2, wrong usage.
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
        help="compare a rule with a reference, step by step",
        description="Compare a rule with a reference, step by step, on a small generated problem. "
        "Exit code 0: identical, or equal to rounding; 1: different, or an error in the rule; "
        "2: wrong usage.",
    )
    check.add_argument("rule", help="<file>.py:<rule or class>, or scratch.<rule>")
    check.add_argument("--against", required=True, help="the same, or torch.optim.<Class>")
    for option, whose in (
        ("--set", "of both"),
        ("--set-rule", "of the rule alone"),
        ("--set-reference", "of the reference alone"),
    ):
        check.add_argument(
            option,
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help=f"a hyperparameter {whose}, such as lr=0.01; may be given several times",
        )
    check.add_argument("--iterations", type=_positive, default=500, help="default: %(default)s")
    check.set_defaults(command=_check)
    new = commands.add_parser(
        "new", help="write a template of a rule and its test into this folder"
    )
    new.add_argument(
        "name", help="of the rule, such as my_rule: writes my_rule.py, test_my_rule.py"
    )
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
            one_sided = "; --set is for both, --set-rule and --set-reference are for one"
            about_a_key = str(error).partition(":")[0] in given
            raise UsageError(f"{error}{one_sided if about_a_key else ''}") from None
    # torch takes seconds to import
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
    """Read hyperparameters as YAML does, and `1e-3` as the number that it spells."""
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
            raise UsageError(f"{option} {pair}: the value is no YAML") from None
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
