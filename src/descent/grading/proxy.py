"""A rule in a worker, in the place of a rule in this process: what a check takes for a submission.

A check binds it to many networks, one after the other and side by side. Each is a network in the
worker as well, with a number and a state of its own there; here is only the number.
"""

import contextlib
from dataclasses import dataclass, field
from functools import partial
from inspect import Parameter, Signature

import torch

from descent.errors import RuleError
from descent.grading import protocol
from descent.grading.network import Network
from descent.grading.session import Session, printable
from descent.parity.contender import Contender


@dataclass(frozen=True)
class Isolated(Contender):
    """A contender whose rule is in a worker.

    Its name must never name a file: the judge would load that.

    Attributes
    ----------
    session : descent.grading.session.Session
    found : dict
        What the worker says about the rule.
    """

    session: Session | None = field(default=None, repr=False)
    found: dict = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, session, file, rule, settings):
        """Let a worker load its rule.

        Parameters
        ----------
        session : descent.grading.session.Session
            Which has begun.
        file : str
            As messages name it.
        rule : str
            The name of the rule.
        settings : dict

        Raises
        ------
        descent.errors.RuleError
            If the rule cannot be loaded.
        """
        found = _checked(session, session.ask({"op": "load"})[0])
        try:
            proxy = _proxy(session, rule, found)
        except ValueError:  # no function has such arguments
            session.refuse("something else")
        return cls(
            rule.replace(":", " "),
            settings,
            proxy,
            partial(_naming, file),
            elementwise=found["elementwise"],
            form=printable(found["form"]),
            translated=[printable(text) for text in found["translated"]],
            session=session,
            found=found,
        )

    @property
    def loads_anew(self):
        """Whether it can be loaded anew for each network: yes, in the worker."""
        return True

    def _find_anew(self):
        return lambda _: (
            _proxy(self.session, self.name, self.found, anew=True),
            self.elementwise,
        )


@contextlib.contextmanager
def _naming(file):
    """Name the file where a mistake of its rule is found here, outside the worker."""
    try:
        yield
    except RuleError as error:
        if str(error).startswith(file):
            raise
        raise RuleError(f"{file}: {error}") from None


def _checked(session, found):
    """Check what a worker says about its rule: it may say anything."""
    kinds = {"is_class": bool, "elementwise": bool, "form": str, "translated": list}
    fits = all(isinstance(found.get(name), kind) for name, kind in kinds.items())
    fits = fits and all(isinstance(text, str) for text in found["translated"])
    values = found.get("defaults")
    fits = fits and isinstance(values, dict) and all(map(str.isidentifier, values))
    if not fits or not all(map(protocol.can_be_sent, values.values())):
        session.refuse("something else")
    return found


def _proxy(session, name, found, anew=False):
    # any hyperparameter may be given: the worker has checked which its rule takes
    others = Parameter("hyperparameters", Parameter.VAR_KEYWORD)
    options = [
        Parameter(key, Parameter.KEYWORD_ONLY, default=value)
        for key, value in found["defaults"].items()
        if key != "hyperparameters"
    ]
    if found["is_class"]:
        leading = [Parameter("params", Parameter.POSITIONAL_OR_KEYWORD)]
        signature = Signature([*leading, *options, others])
        own = {"session": session, "anew": anew, "__signature__": signature}
        return type(name, (_Class,), own)
    leading = [
        Parameter(key, Parameter.POSITIONAL_OR_KEYWORD)
        for key in ("parameters", "gradients", "state")
    ]
    return _Function(session, name, Signature([*leading, *options, others]), anew)


class _Function:
    """A function with the canonical form, see `descent.optimizers.step`."""

    def __init__(self, session, name, signature, anew):
        self.__name__, self.__signature__ = name, signature
        self._session, self._anew = session, anew

    def __call__(self, parameters, gradients, state, **hyperparameters):
        network = state.get("network")
        if network is None:
            network = Network(self._session, parameters, hyperparameters, None, self._anew)
            network.groups = [dict(hyperparameters)]
            state["network"] = network
        network.step(parameters, gradients, [hyperparameters])

    def __reduce__(self):
        raise TypeError("a rule in a worker cannot be copied")


class _Class(torch.optim.Optimizer):
    """A subclass of torch.optim.Optimizer, whose steps a worker takes."""

    session, anew = None, False

    def __init__(self, params, **settings):
        groups = list(params)
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        own = [
            {name: value for name, value in group.items() if name != "params"} for group in groups
        ]
        self._tensors = _interleaved([list(group["params"]) for group in groups])
        self._network = Network(
            self.session,
            [tensor.detach() for tensor in self._tensors],
            settings,
            own if len(groups) > 1 else None,
            self.anew,
        )
        if len(self._network.groups) != len(groups):
            self.session.refuse("other groups of parameters")
        known = [
            {**found, "params": list(group["params"])}
            for found, group in zip(self._network.groups, groups, strict=True)
        ]
        super().__init__(known, {})

    @torch.no_grad()
    def step(self, closure=None):
        """Let the worker take a step."""
        groups = [
            {name: value for name, value in group.items() if name != "params"}
            for group in self.param_groups
        ]
        gradients = [tensor.grad for tensor in self._tensors]
        tensors = [tensor.detach() for tensor in self._tensors]
        for index, value in self._network.step(tensors, gradients, groups).items():
            if value is None or self._tensors[index].grad is None:
                self._tensors[index].grad = value
            else:
                self._tensors[index].grad.copy_(value)


def _interleaved(groups):
    """Undo how `descent.optimizers.groups.in_turn` deals parameters out to groups."""
    tensors = [None] * sum(map(len, groups))
    for index, group in enumerate(groups):
        tensors[index :: len(groups)] = group
    return tensors
