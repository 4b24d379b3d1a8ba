"""`descent check --isolate`: a check of one rule in a process of its own."""

import shutil
import tempfile
from pathlib import Path

from descent.errors import RuleError, UsageError
from descent.grading.limits import Limits
from descent.grading.proxy import Isolated
from descent.grading.sandbox import choose
from descent.grading.session import Ended, Session, printable
from descent.optimizers.spec import parse, split_training
from descent.parity import ITERATIONS
from descent.parity.check import check

#: More than the limits of a submission: these checks may be thorough.
LIMITS = Limits(wall_seconds=3600, cpu_seconds=3600)


def check_isolated(
    rule,
    against,
    settings,
    reference_settings=None,
    iterations=ITERATIONS,
    *,
    constant=False,
    form=None,
    unsandboxed=False,
):
    """Check a rule that is in a file, in a worker; see `descent.parity.check.check`.

    Only that file is there: modules beside it cannot be imported.

    Returns
    -------
    descent.parity.report.Report

    Raises
    ------
    descent.errors.RuleError
        If the rule fails, or its process gives no answer.
    descent.errors.UsageError
        If the rule is not in a file, or no sandbox works.
    """
    spec = parse(rule)
    if not spec.file:
        raise UsageError(f"--isolate: {rule} is in no file; it needs no process of its own")
    file = Path(spec.file)
    start = choose(unsandboxed)
    with tempfile.TemporaryDirectory(prefix="descent-", ignore_cleanup_errors=True) as folder:
        shutil.copyfile(file, Path(folder, file.name))
        with Session(folder, LIMITS, start) as session:
            try:
                own, _ = split_training(settings)
                told = session.begin(file.name, spec.name, own, form)
                if told["problem"]:
                    raise UsageError(printable(told["problem"]))
                ours = Isolated.of(session, file.name, spec.name, own)
                return check(
                    ours, against, settings, reference_settings, iterations, constant=constant
                )
            except Ended as ended:
                raise RuleError(f"{file.name}: {ended}") from None
