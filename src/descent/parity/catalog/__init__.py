"""A catalog of wrong update rules, mutants of the included ones.

Parity must call each of them different from the right rule, and a check names a mistake by
comparing a rule with them. They are the mistakes of students, blog posts and libraries; `seen`
names public issues with some of them. Each module has the table of one rule, except

- `common`: mistakes that any rule can suffer;
- `decay`: mistakes in weight decay;
- `ignored`: hyperparameters that have no effect;
- `mutant`: what a mutant is, and how it becomes a function.
"""

from descent.parity.catalog import (
    adadelta,
    adafactor,
    adagrad,
    adam,
    adamax,
    adamw,
    asgd,
    common,
    dampened_momentum,
    decay,
    ignored,
    muon,
    nadam,
    nesterov,
    radam,
    rmsprop,
    rprop,
    sgd,
    sgd_momentum,
)
from descent.parity.catalog.mutant import Mutant, make

__all__ = ["MUTANTS", "RULES", "Mutant", "make", "of"]

_OF_RULES = [
    *(sgd, sgd_momentum, dampened_momentum, nesterov, adagrad, adadelta, rmsprop, adam, adamw),
    *(adamax, nadam, radam, adafactor, rprop, asgd, muon),
]

#: All mutants; of a rule, its own mistakes come first, as the most specific ones.
MUTANTS = [mutant for module in (*_OF_RULES, decay, ignored, common) for mutant in module.MUTANTS]

#: Names of the rules that have mutants.
RULES = sorted({mutant.rule for mutant in MUTANTS})


def of(rule):
    """Return the mutants of a rule of `descent.optimizers.scratch`, given its name."""
    return [mutant for mutant in MUTANTS if mutant.rule == rule]
