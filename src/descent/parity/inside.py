"""Whether an optimizer of torch.optim takes the steps of a rule: a fact, and no verdict."""

import contextlib
import sys
from dataclasses import dataclass, field

import torch

from descent.parity.gradients import MATRICES, NETWORK
from descent.parity.paths import refused

_STEPS = 3

#: Its functions belong to every optimizer, also to one of a user.
_OF_ALL = "torch.optim.optimizer"


@dataclass
class Inside:
    """What of torch.optim has taken the steps of a rule.

    Attributes
    ----------
    modules : set of str
        Such as `torch.optim.sgd`.
    optimizers : list of torch.optim.Optimizer
    """

    modules: set = field(default_factory=set)
    optimizers: list = field(default_factory=list)

    @property
    def name(self):
        """Such as `torch.optim.SGD`; empty if torch.optim has taken no step."""
        classes = {
            f"torch.optim.{name}"
            for name, value in vars(torch.optim).items()
            if isinstance(value, type) and value.__module__ in self.modules
        }
        return " and ".join(sorted(classes))

    @property
    def is_new_each_time(self):
        """Whether every step was that of another optimizer."""
        return len(self.optimizers) == _STEPS

    def note(self, frame, event, _):
        """Note a function that is called; for `sys.setprofile`."""
        module = str(frame.f_globals.get("__name__", ""))
        if event != "call" or not module.startswith("torch.optim.") or module == _OF_ALL:
            return
        if frame.f_code.co_name != "__init__":
            self.modules.add(module)
        this = frame.f_locals.get("self")
        is_step = frame.f_code.co_name == "step" and isinstance(this, torch.optim.Optimizer)
        if is_step and all(this is not other for other in self.optimizers):
            self.optimizers.append(this)


def torch_inside(side):
    """Find out whether an optimizer of torch.optim takes the steps of a user's rule.

    Parameters
    ----------
    side : descent.parity.contender.Contender

    Returns
    -------
    Inside
        Empty for a rule that is not the user's.
    """
    found = Inside()
    if side.is_users:
        shapes = NETWORK if refused(side, NETWORK) is None else MATRICES
        with _profiling(found.note):
            refused(side, shapes, changes=[{}] * _STEPS)
    return found


@contextlib.contextmanager
def _profiling(note):
    before = sys.getprofile()
    if before is not None and not callable(before):  # cProfile's cannot be put back
        yield
        return
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)
